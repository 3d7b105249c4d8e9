// RUN: litewright opt %s -p fold-weights
// CASE: movement, arithmetic with constants and a conversion become one expression
func.func @main(%x: tensor<2x4xf32> {litewright.name = "x"}, %w: tensor<8x4xbf16> {litewright.weight = "w"}) -> (tensor<2x8xf32> {litewright.name = "y"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0, -4.0]> : tensor<4xf32>
  %0 = stablehlo.convert %w : (tensor<8x4xbf16>) -> tensor<8x4xf32>
  %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %2 = stablehlo.broadcast_in_dim %c, dims = [0] : (tensor<4xf32>) -> tensor<4x8xf32>
  %3 = stablehlo.multiply %1, %2 : tensor<4x8xf32>
  %two = stablehlo.constant dense<2.0> : tensor<4x8xf32>
  %4 = stablehlo.divide %3, %two : tensor<4x8xf32>
  %5 = stablehlo.negate %4 : tensor<4x8xf32>
  %6 = stablehlo.dot_general %x, %5, contracting_dims = [1] x [0] : (tensor<2x4xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  return %6 : tensor<2x8xf32>
}
// CHECK: litewright.weight = "multiply(divide(multiply(transpose(cast(w, float32), [1, 0]), literal:{{[0-9a-f]+}}), literal:{{[0-9a-f]+}}), literal:{{[0-9a-f]+}})"}
// CHECK-NEXT: stablehlo.dot_general %arg0, %arg1
// -----
// CASE: weights side by side
func.func @main(%x: tensor<2x4xf32> {litewright.name = "x"}, %v: tensor<4x8xf32> {litewright.weight = "v"}, %w: tensor<4x2xf32> {litewright.weight = "w"}) -> (tensor<2x10xf32> {litewright.name = "y"}) {
  %0 = stablehlo.concatenate %v, %w, dim = 1 : (tensor<4x8xf32>, tensor<4x2xf32>) -> tensor<4x10xf32>
  %1 = stablehlo.dot_general %x, %0, contracting_dims = [1] x [0] : (tensor<2x4xf32>, tensor<4x10xf32>) -> tensor<2x10xf32>
  return %1 : tensor<2x10xf32>
}
// CHECK: litewright.weight = "concatenate(v, w, axis=1)"
// CHECK-NEXT: stablehlo.dot_general %arg0, %arg1
// -----
// CASE: both signatures come to the same form
func.func @main(%x: tensor<2x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x8xf32> {litewright.name = "y"}) {
  %1 = stablehlo.transpose %w, dims = [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %2 = stablehlo.dot_general %x, %1, contracting_dims = [1] x [0] : (tensor<2x4xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  return %2 : tensor<2x8xf32>
}
func.func @other(%x: tensor<3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<3x8xf32> {litewright.name = "y"}) {
  %1 = stablehlo.transpose %w, dims = [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %2 = stablehlo.dot_general %x, %1, contracting_dims = [1] x [0] : (tensor<3x4xf32>, tensor<4x8xf32>) -> tensor<3x8xf32>
  return %2 : tensor<3x8xf32>
}
// CHECK-COUNT-2: litewright.weight = "transpose(w, [1, 0])"
// CHECK-NOT: stablehlo.transpose
// -----
// CASE: another signature reads the weight as it is
func.func @main(%x: tensor<2x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x8xf32> {litewright.name = "y"}) {
  %1 = stablehlo.transpose %w, dims = [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %2 = stablehlo.dot_general %x, %1, contracting_dims = [1] x [0] : (tensor<2x4xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  return %2 : tensor<2x8xf32>
}
func.func @other(%x: tensor<3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<3x8xf32> {litewright.name = "y"}) {
  %2 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [1] : (tensor<3x4xf32>, tensor<8x4xf32>) -> tensor<3x8xf32>
  return %2 : tensor<3x8xf32>
}
// DECLINES(fold-weights): another reader wants the weight in another form, or as it is
// DECLINES(fold-weights): no transform of weights says what the op does
// -----
// CASE: two readers want two forms
func.func @main(%w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}, tensor<32xf32> {litewright.name = "z"}) {
  %1 = stablehlo.transpose %w, dims = [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %2 = stablehlo.reshape %w : (tensor<8x4xf32>) -> tensor<32xf32>
  return %1, %2 : tensor<4x8xf32>, tensor<32xf32>
}
// DECLINES(fold-weights): another reader wants the weight in another form, or as it is
// -----
// CASE: parts that do not overlap are no second copy
func.func @main(%w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<4x4xf32> {litewright.name = "y"}, tensor<3x4xf32> {litewright.name = "z"}) {
  %1 = stablehlo.slice %w [0:4, 0:4] : (tensor<8x4xf32>) -> tensor<4x4xf32>
  %2 = stablehlo.slice %w [5:8, 0:4] : (tensor<8x4xf32>) -> tensor<3x4xf32>
  return %1, %2 : tensor<4x4xf32>, tensor<3x4xf32>
}
// CHECK: "slice(w, [0, 0], [4, 4])"
// CHECK-SAME: "slice(w, [5, 0], [8, 4])"
// CHECK-NOT: stablehlo.slice
// -----
// CASE: parts that overlap are
func.func @main(%w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<5x4xf32> {litewright.name = "y"}, tensor<4x4xf32> {litewright.name = "z"}) {
  %1 = stablehlo.slice %w [0:5, 0:4] : (tensor<8x4xf32>) -> tensor<5x4xf32>
  %2 = stablehlo.slice %w [4:8, 0:4] : (tensor<8x4xf32>) -> tensor<4x4xf32>
  return %1, %2 : tensor<5x4xf32>, tensor<4x4xf32>
}
// DECLINES(fold-weights): another reader wants the weight in another form, or as it is
// -----
// CASE: a weight is folded into another only if that one may be
func.func @main(%v: tensor<8x4xf32> {litewright.weight = "v"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<8x4xf32> {litewright.name = "y"}, tensor<8x4xf32> {litewright.name = "z"}) {
  %1 = stablehlo.multiply %v, %w : tensor<8x4xf32>
  return %1, %w : tensor<8x4xf32>, tensor<8x4xf32>
}
// DECLINES(fold-weights): another reader wants the weight in another form, or as it is
// -----
// CASE: what inputs take part in is computed with them
func.func @main(%x: tensor<8x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<8x4xf32> {litewright.name = "y"}) {
  %1 = stablehlo.multiply %x, %w : tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}
// DECLINES(fold-weights): an operand is computed from inputs
// -----
// CASE: strides, repetition and tests for zero are no transforms
func.func @main(%v: tensor<8x4xf32> {litewright.weight = "v"}, %w: tensor<4xf32> {litewright.weight = "w"}, %u: tensor<4xf32> {litewright.weight = "u"}, %i: tensor<4xi32> {litewright.weight = "i"}) -> (tensor<4x4xf32> {litewright.name = "a"}, tensor<2x4xf32> {litewright.name = "b"}, tensor<4xi1> {litewright.name = "c"}, tensor<4xi32> {litewright.name = "d"}) {
  %two = stablehlo.constant dense<2> : tensor<4xi32>
  %1 = stablehlo.slice %v [0:8:2, 0:4] : (tensor<8x4xf32>) -> tensor<4x4xf32>
  %2 = stablehlo.broadcast_in_dim %w, dims = [1] : (tensor<4xf32>) -> tensor<2x4xf32>
  %3 = stablehlo.convert %u : (tensor<4xf32>) -> tensor<4xi1>
  %4 = stablehlo.divide %i, %two : tensor<4xi32>
  return %1, %2, %3, %4 : tensor<4x4xf32>, tensor<2x4xf32>, tensor<4xi1>, tensor<4xi32>
}
// DECLINES(fold-weights): a slice with strides
// DECLINES(fold-weights): a broadcast that repeats elements
// DECLINES(fold-weights): a comparison with zero
// DECLINES(fold-weights): integers are divided otherwise by NumPy
// -----
// CASE: a broadcast that only adds dimensions is a reshape
func.func @main(%w: tensor<4xf32> {litewright.weight = "w"}) -> (tensor<1x4x1xf32> {litewright.name = "y"}) {
  %2 = stablehlo.broadcast_in_dim %w, dims = [1] : (tensor<4xf32>) -> tensor<1x4x1xf32>
  return %2 : tensor<1x4x1xf32>
}
// CHECK: litewright.weight = "reshape(w, [1, 4, 1])"
// -----
// CASE: a broadcast that turns dimensions, and a constant that is not written out
func.func @main(%w: tensor<4x2xf32> {litewright.weight = "w"}, %v: tensor<2xf32> {litewright.weight = "v"}) -> (tensor<2x1x4xf32> {litewright.name = "y"}, tensor<5xf32> {litewright.name = "z"}) {
  %c = stablehlo.constant dense<0.0> : tensor<3xf32>
  %0 = stablehlo.broadcast_in_dim %w, dims = [2, 0] : (tensor<4x2xf32>) -> tensor<2x1x4xf32>
  %1 = stablehlo.concatenate %v, %c, dim = 0 : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>
  return %0, %1 : tensor<2x1x4xf32>, tensor<5xf32>
}
// DECLINES(fold-weights): a broadcast that moves dimensions
// DECLINES(fold-weights): a constant is not written out in full
