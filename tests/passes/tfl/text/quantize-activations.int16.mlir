// RUN: litewright opt %s -p quantize-activations{recipe=static_int16x8}
// CASE: integers of 16 bits have no zero point, and one product by itself is worth it
// WITHIN: static int16x8 model
func.func @main(
    %x: tensor<1x4x8xf32> {litewright.name = "x", litewright.range = [-3.0, 4.0]},
    %y: tensor<1x8x4xf32> {litewright.name = "y", litewright.range = [-4.0, 3.0]}) -> (tensor<1x4x4xf32> {litewright.name = "z"}) {
  %0 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  %1 = "tfl.sin"(%0) {litewright.range = [[-1.0, 1.0]]} : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  return %1 : tensor<1x4x4xf32>
}
// CHECK: "tfl.quantize"(%arg0){{.*}} -> tensor<1x4x8x!quant.uniform<i16:f32, 1.22074{{[0-9]*}}e-04>>
// CHECK: %[[PRODUCT:.*]] = "tfl.batch_matmul"
// CHECK: %[[STEPS:.*]] = "tfl.quantize"(%[[PRODUCT]])
// CHECK: %[[FLOATS:.*]] = "tfl.dequantize"(%[[STEPS]])
// CHECK: "tfl.sin"(%[[FLOATS]])
