// RUN: litewright opt %s -p fold-input-scales
// CASE: a norm's weight goes into all projections of what it scales
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %v: tensor<8x4xf32> {litewright.weight = "v"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y0"}, tensor<2x3x8xf32> {litewright.name = "y1"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0, -4.0]> : tensor<4xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %v, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  %3 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2, %3 : tensor<2x3x8xf32>, tensor<2x3x8xf32>
}
// CHECK: "multiply(v, reshape(literal:{{[0-9a-f]+}}, [1, 4]))"
// CHECK-SAME: "multiply(w, reshape(literal:{{[0-9a-f]+}}, [1, 4]))"
// CHECK-NOT: stablehlo.multiply
// CHECK: stablehlo.dot_general %arg0, %arg1
// CHECK: stablehlo.dot_general %arg0, %arg2
// -----
// CASE: a scalar goes into a small matrix
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}) -> (tensor<2x3x2xf32> {litewright.name = "y0"}) {
  %c = stablehlo.constant dense<0.125> : tensor<2x3x4xf32>
  %m = stablehlo.constant dense<[[1.0, 2.0, 3.0, 4.0], [-1.0, 0.5, 0.0, 2.0]]> : tensor<2x4xf32>
  %1 = stablehlo.multiply %x, %c : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %m, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<2x4xf32>) -> tensor<2x3x2xf32>
  return %2 : tensor<2x3x2xf32>
}
// CHECK: stablehlo.constant dense<{{\[\[}}1.250000e-01, 2.500000e-01
// CHECK-NEXT: stablehlo.dot_general %arg0, %cst
// CHECK-NOT: stablehlo.multiply
// -----
// CASE: factor after factor
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y0"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0, -4.0]> : tensor<4xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %d = stablehlo.constant dense<0.5> : tensor<2x3x4xf32>
  %2 = stablehlo.multiply %1, %d : tensor<2x3x4xf32>
  %3 = stablehlo.dot_general %2, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %3 : tensor<2x3x8xf32>
}
// CHECK: "multiply(multiply(w, literal:{{[0-9a-f]+}}), reshape(literal:{{[0-9a-f]+}}, [1, 4]))"
// CHECK-NEXT: stablehlo.dot_general %arg0, %arg1
// -----
// CASE: a factor that is a weight itself
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %g: tensor<4xf32> {litewright.weight = "g"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y"}) {
  %0 = stablehlo.broadcast_in_dim %g, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %x, %0 : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2 : tensor<2x3x8xf32>
}
// CHECK: "multiply(w, reshape(g, [1, 4]))"
// CHECK-NOT: "g"
// -----
// CASE: the scaled value is read by something else too
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y0"}, tensor<2x3x4xf32> {litewright.name = "y1"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0, -4.0]> : tensor<4xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2, %1 : tensor<2x3x8xf32>, tensor<2x3x4xf32>
}
// DECLINES(fold-input-scales): something other than a matrix product reads it
// -----
// CASE: another reader wants the matrix as it is
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y0"}, tensor<2x3x8xf32> {litewright.name = "y1"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0, -4.0]> : tensor<4xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  %3 = stablehlo.dot_general %x, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2, %3 : tensor<2x3x8xf32>, tensor<2x3x8xf32>
}
// DECLINES(fold-input-scales): a matrix is read elsewhere as it is, or scaled otherwise
// -----
// CASE: another signature wants the matrix scaled otherwise
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y0"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0, -4.0]> : tensor<4xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2 : tensor<2x3x8xf32>
}
func.func @other(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y0"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 5.0, -4.0]> : tensor<4xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2 : tensor<2x3x8xf32>
}
// DECLINES(fold-input-scales): a matrix is read elsewhere as it is, or scaled otherwise
// -----
// CASE: two signatures that agree
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y0"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0, -4.0]> : tensor<4xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2 : tensor<2x3x8xf32>
}
func.func @other(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y0"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0, -4.0]> : tensor<4xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2 : tensor<2x3x8xf32>
}
// CHECK-COUNT-2: "multiply(w, reshape(literal:{{[0-9a-f]+}}, [1, 4]))"
// -----
// CASE: a matrix that may not be folded holds back those that meet the same factor
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %v: tensor<8x4xf32> {litewright.weight = "v"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y0"}, tensor<2x3x8xf32> {litewright.name = "y1"}, tensor<8x4xf32> {litewright.name = "y2"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0, -4.0]> : tensor<4xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %v, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  %3 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2, %3, %w : tensor<2x3x8xf32>, tensor<2x3x8xf32>, tensor<8x4xf32>
}
// DECLINES(fold-input-scales): a matrix is read elsewhere as it is, or scaled otherwise
// -----
// CASE: a factor along an axis that is not summed
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y0"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [1] : (tensor<3xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2 : tensor<2x3x8xf32>
}
// DECLINES(fold-input-scales): the product does not add up along the factor's axis
// -----
// CASE: a factor of one number along the axis is no scale per channel
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %s: tensor<1xf32> {litewright.name = "s"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y"}) {
  %0 = stablehlo.broadcast_in_dim %s, dims = [2] : (tensor<1xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %x, %0 : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2 : tensor<2x3x8xf32>
}
// DECLINES(fold-input-scales): no operand is a spread constant or weight
// -----
// CASE: both operands are computed from inputs
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y0"}) {
  %0 = stablehlo.tanh %x : tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2 : tensor<2x3x8xf32>
}
// DECLINES(fold-input-scales): no operand is a spread constant or weight
// -----
// CASE: the matrix is computed from inputs
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<8x4xf32> {litewright.name = "w"}) -> (tensor<2x3x8xf32> {litewright.name = "y"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0, -4.0]> : tensor<4xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.multiply %0, %x : tensor<2x3x4xf32>
  %2 = stablehlo.dot_general %1, %w, contracting_dims = [2] x [1] : (tensor<2x3x4xf32>, tensor<8x4xf32>) -> tensor<2x3x8xf32>
  return %2 : tensor<2x3x8xf32>
}
// DECLINES(fold-input-scales): the matrix is computed from inputs
// -----
// CASE: factors that vary along two axes, or along none
func.func @main(%x: tensor<2x4xf32> {litewright.name = "x"}, %g: tensor<2x4xf32> {litewright.weight = "g"}, %h: tensor<1xf32> {litewright.weight = "h"}, %v: tensor<8x4xf32> {litewright.weight = "v"}, %w: tensor<8x4xf32> {litewright.weight = "w"}) -> (tensor<2x8xf32> {litewright.name = "y"}, tensor<2x8xf32> {litewright.name = "z"}) {
  %0 = stablehlo.multiply %x, %g : tensor<2x4xf32>
  %1 = stablehlo.dot_general %0, %w, contracting_dims = [1] x [1] : (tensor<2x4xf32>, tensor<8x4xf32>) -> tensor<2x8xf32>
  %2 = stablehlo.broadcast_in_dim %h, dims = [1] : (tensor<1xf32>) -> tensor<2x4xf32>
  %3 = stablehlo.multiply %x, %2 : tensor<2x4xf32>
  %4 = stablehlo.dot_general %3, %v, contracting_dims = [1] x [1] : (tensor<2x4xf32>, tensor<8x4xf32>) -> tensor<2x8xf32>
  return %1, %4 : tensor<2x8xf32>, tensor<2x8xf32>
}
// DECLINES(fold-input-scales): the factor varies along no axis, or several
// -----
// CASE: integers
func.func @main(%x: tensor<2x4xi32> {litewright.name = "x"}, %w: tensor<8x4xi32> {litewright.weight = "w"}) -> (tensor<2x8xi32> {litewright.name = "y"}) {
  %c = stablehlo.constant dense<3> : tensor<2x4xi32>
  %0 = stablehlo.multiply %x, %c : tensor<2x4xi32>
  %1 = stablehlo.dot_general %0, %w, contracting_dims = [1] x [1] : (tensor<2x4xi32>, tensor<8x4xi32>) -> tensor<2x8xi32>
  return %1 : tensor<2x8xi32>
}
// DECLINES(fold-input-scales): integers
// -----
// CASE: a product that nothing reads
func.func @main(%x: tensor<2x4xf32> {litewright.name = "x"}) -> (tensor<2x4xf32> {litewright.name = "y"}) {
  %c = stablehlo.constant dense<3.0> : tensor<2x4xf32>
  %0 = stablehlo.multiply %x, %c : tensor<2x4xf32>
  return %x : tensor<2x4xf32>
}
// DECLINES(fold-input-scales): nothing reads the result
