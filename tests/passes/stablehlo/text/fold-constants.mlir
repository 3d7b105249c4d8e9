// RUN: litewright opt %s -p fold-constants
// CASE: arithmetic of constants
func.func @main(%x: tensor<8xi32> {litewright.name = "x"}) -> (tensor<8xi32> {litewright.name = "y"}) {
  %0 = stablehlo.iota dim = 0 : tensor<8xi32>
  %1 = stablehlo.multiply %0, %0 : tensor<8xi32>
  %2 = stablehlo.add %x, %1 : tensor<8xi32>
  return %2 : tensor<8xi32>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<[0, 1, 4, 9, 16, 25, 36, 49]>
// CHECK-NEXT: stablehlo.add %arg0, %[[C]]
// CHECK-NOT: iota
// -----
// CASE: a constant of equal numbers is written as one number
func.func @main(%x: tensor<8xf32> {litewright.name = "x"}) -> (tensor<8xf32> {litewright.name = "y"}) {
  %0 = stablehlo.constant dense<0.25> : tensor<8xf32>
  %1 = stablehlo.sqrt %0 : tensor<8xf32>
  %2 = stablehlo.add %x, %1 : tensor<8xf32>
  return %2 : tensor<8xf32>
}
// CHECK: stablehlo.constant dense<5.000000e-01> : tensor<8xf32>
// -----
// CASE: what a composite computes from constants, and what XLA alone can compute
func.func @main(%x: tensor<2x2xf32> {litewright.name = "x"}) -> (tensor<2x2xf32> {litewright.name = "y"}) {
  %0 = stablehlo.constant dense<[[1.0, 2.0], [3.0, -4.0]]> : tensor<2x2xf32>
  %1 = stablehlo.composite "my.twice" %0 {decomposition = @twice} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = stablehlo.dot_general %1, %1, contracting_dims = [1] x [0] : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = stablehlo.composite "my.twice" %2 {decomposition = @twice} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %4 = stablehlo.add %x, %3 : tensor<2x2xf32>
  return %4 : tensor<2x2xf32>
}
func.func private @twice(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = stablehlo.add %x, %x : tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}
// CHECK: stablehlo.constant dense<{{\[\[}}5.600000e+01, -4.800000e+01], [-7.200000e+01, 1.760000e+02]]>
// CHECK-NEXT: stablehlo.add
// CHECK-NOT: @twice
// -----
// CASE: the broadcast of a table stays, the table is folded
func.func @main(%x: tensor<64x4xf32> {litewright.name = "x"}) -> (tensor<64x4xf32> {litewright.name = "y"}) {
  %0 = stablehlo.iota dim = 0 : tensor<4xf32>
  %1 = stablehlo.cosine %0 : tensor<4xf32>
  %2 = stablehlo.broadcast_in_dim %1, dims = [1] : (tensor<4xf32>) -> tensor<64x4xf32>
  %3 = stablehlo.add %x, %2 : tensor<64x4xf32>
  return %3 : tensor<64x4xf32>
}
// CHECK: stablehlo.constant dense<[1.000000e+00, 0.540302277, -0.416146845, -0.989992499]>
// CHECK-NEXT: stablehlo.broadcast_in_dim
// DECLINES(fold-constants): what reads a broadcast of a constant spreads it itself
// -----
// CASE: what is too large is computed from what is not
func.func @main(%x: tensor<1024x1024xf32> {litewright.name = "x"}) -> (tensor<1024x1024xf32> {litewright.name = "y"}) {
  %0 = stablehlo.iota dim = 0 : tensor<1024xf32>
  %1 = stablehlo.sine %0 : tensor<1024xf32>
  %2 = stablehlo.broadcast_in_dim %1, dims = [1] : (tensor<1024xf32>) -> tensor<1024x1024xf32>
  %3 = stablehlo.cosine %2 : tensor<1024x1024xf32>
  %4 = stablehlo.add %x, %3 : tensor<1024x1024xf32>
  return %4 : tensor<1024x1024xf32>
}
// CHECK: stablehlo.constant {{.*}} : tensor<1024xf32>
// CHECK: stablehlo.cosine %{{.*}} : tensor<1024x1024xf32>
// DECLINES(fold-constants): the result is too large, or of unknown size
// -----
// CASE: broadcasts and constants alone are no work
func.func @main(%x: tensor<64x4xf32> {litewright.name = "x"}) -> (tensor<64x4xf32> {litewright.name = "y"}) {
  %1 = stablehlo.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %2 = stablehlo.broadcast_in_dim %1, dims = [1] : (tensor<4xf32>) -> tensor<64x4xf32>
  %3 = stablehlo.add %x, %2 : tensor<64x4xf32>
  return %3 : tensor<64x4xf32>
}
// DECLINES(fold-constants): an operand depends on inputs or weights
// -----
// CASE: weights are not constants
func.func @main(%x: tensor<4xf32> {litewright.name = "x"}, %w: tensor<4xf32> {litewright.weight = "w"}) -> (tensor<4xf32> {litewright.name = "y"}) {
  %1 = stablehlo.constant dense<2.0> : tensor<4xf32>
  %2 = stablehlo.multiply %w, %1 : tensor<4xf32>
  %3 = stablehlo.add %x, %2 : tensor<4xf32>
  return %3 : tensor<4xf32>
}
// UNCHANGED
// -----
// CASE: a region that reads an input is not constant
func.func @main(%x: tensor<i1> {litewright.name = "x"}) -> (tensor<i1> {litewright.name = "y"}) {
  %t = stablehlo.constant dense<true> : tensor<i1>
  %0 = "stablehlo.if"(%t) ({
    %1 = stablehlo.not %x : tensor<i1>
    stablehlo.return %1 : tensor<i1>
  }, {
    stablehlo.return %x : tensor<i1>
  }) : (tensor<i1>) -> tensor<i1>
  return %0 : tensor<i1>
}
// UNCHANGED
// -----
// CASE: zeros of either sign are not one number
func.func @main(%x: tensor<2xf32> {litewright.name = "x"}) -> (tensor<2xf32> {litewright.name = "y"}) {
  %0 = stablehlo.constant dense<[0.0, -0.0]> : tensor<2xf32>
  %1 = stablehlo.reshape %0 : (tensor<2xf32>) -> tensor<1x2xf32>
  %2 = stablehlo.reshape %1 : (tensor<1x2xf32>) -> tensor<2xf32>
  %3 = stablehlo.divide %x, %2 : tensor<2xf32>
  return %3 : tensor<2xf32>
}
// CHECK: stablehlo.constant dense<[0.000000e+00, -0.000000e+00]> : tensor<2xf32>
// -----
// CASE: random numbers from a constant seed are drawn as the model runs
func.func @main(%x: tensor<2xi64>) -> tensor<2xi64> {
  %0 = stablehlo.constant dense<[1, 2]> : tensor<2xi64>
  %1 = stablehlo.constant dense<0> : tensor<i64>
  %2 = stablehlo.constant dense<1> : tensor<i64>
  %3 = stablehlo.rng %1, %2, %0, distribution = UNIFORM : (tensor<i64>, tensor<i64>, tensor<2xi64>) -> tensor<1x2xi64>
  %4 = stablehlo.reshape %3 : (tensor<1x2xi64>) -> tensor<2xi64>
  %5 = stablehlo.add %x, %4 : tensor<2xi64>
  return %5 : tensor<2xi64>
}
// DECLINES(fold-constants): it does more than compute its result, or reads more than its operands
