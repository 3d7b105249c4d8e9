// RUN: litewright opt %s -p assign-layout
// CASE: what stands between two convolutions is channels last
func.func @main(%x: tensor<1x3x6x5xf32> {litewright.name = "x"}) -> (tensor<1x2x6x5xf32> {litewright.name = "y"}) {
  %w = stablehlo.constant dense<[[[[0.5]], [[1.0]], [[-2.0]]], [[[1.5]], [[0.25]], [[3.0]]]]> : tensor<2x3x1x1xf32>
  %v = stablehlo.constant dense<[[[[0.5]], [[1.0]]], [[[1.5]], [[-0.25]]]]> : tensor<2x2x1x1xf32>
  %b = stablehlo.constant dense<[0.5, -1.0]> : tensor<2xf32>
  %0 = stablehlo.convolution(%x, %w) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1], window = {stride = [1, 1], pad = [[0, 0], [0, 0]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x3x6x5xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x6x5xf32>
  %1 = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<2xf32>) -> tensor<1x2x6x5xf32>
  %2 = stablehlo.add %0, %1 : tensor<1x2x6x5xf32>
  %z = stablehlo.constant dense<0.0> : tensor<1x2x6x5xf32>
  %3 = stablehlo.maximum %2, %z : tensor<1x2x6x5xf32>
  %4 = stablehlo.convolution(%3, %v) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1], window = {stride = [1, 1], pad = [[0, 0], [0, 0]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x2x6x5xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x6x5xf32>
  return %4 : tensor<1x2x6x5xf32>
}
// CHECK: %[[T:.+]] = stablehlo.transpose %arg0, dims = [0, 2, 3, 1]
// CHECK-NEXT: stablehlo.constant{{.*}}tensor<2x1x1x3xf32>
// CHECK-NEXT: stablehlo.convolution(%[[T]], {{.*}}) dim_numbers = [b, 0, 1, f]x[o, 0, 1, i]->[b, 0, 1, f]
// CHECK-NEXT: stablehlo.broadcast_in_dim {{.*}}, dims = [3] : (tensor<2xf32>) -> tensor<1x6x5x2xf32>
// CHECK-NOT: transpose
// CHECK: stablehlo.maximum {{.*}} : tensor<1x6x5x2xf32>
// CHECK: stablehlo.convolution
// CHECK-NEXT: %[[R:.+]] = stablehlo.transpose {{.*}}, dims = [0, 3, 1, 2]
// CHECK-NEXT: return %[[R]]
// -----
// CASE: nothing to convolve, nothing to do
func.func @main(%x: tensor<1x3x6x5xf32> {litewright.name = "x"}) -> (tensor<1x6x5x3xf32> {litewright.name = "y"}) {
  %0 = stablehlo.transpose %x, dims = [0, 2, 3, 1] : (tensor<1x3x6x5xf32>) -> tensor<1x6x5x3xf32>
  %1 = stablehlo.tanh %0 : tensor<1x6x5x3xf32>
  return %1 : tensor<1x6x5x3xf32>
}
// UNCHANGED
