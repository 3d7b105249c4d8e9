// RUN: litewright opt %s -p absorb-reshapes
// CASE: a table for all batches
func.func @main(%x: tensor<2x4x8xf32> {litewright.name = "x"}, %b: tensor<4x8xf32> {litewright.name = "b"}) -> (tensor<2x4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 4, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.reshape"(%b, %c0) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<1x4x8xf32>
  %1 = "tfl.sub"(%0, %x) {fused_activation_function = "RELU"} : (tensor<1x4x8xf32>, tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return %1 : tensor<2x4x8xf32>
}
// CHECK: "tfl.sub"(%arg1, %arg0) {fused_activation_function = "RELU"}
// CHECK-NOT: "tfl.reshape"
// -----
// CASE: both get ones in front: that with one reader loses them
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %b: tensor<4x8xf32> {litewright.name = "b"}) -> (tensor<1x4x8xf32> {litewright.name = "y0"}, tensor<1x4x8xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 4, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.reshape"(%x, %c0) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<1x4x8xf32>
  %1 = "tfl.reshape"(%b, %c0) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<1x4x8xf32>
  %2 = "tfl.add"(%0, %1) {fused_activation_function = "NONE"} : (tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %3 = "tfl.tanh"(%0) : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return %2, %3 : tensor<1x4x8xf32>, tensor<1x4x8xf32>
}
// CHECK: "tfl.reshape"(%arg0
// CHECK-NOT: "tfl.reshape"
// CHECK: "tfl.add"({{.*}}, %arg1)
// -----
// CASE: the ones are the result's
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %b: tensor<8xf32> {litewright.name = "b"}) -> (tensor<1x4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 4, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.reshape"(%x, %c0) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<1x4x8xf32>
  %1 = "tfl.add"(%0, %b) {fused_activation_function = "NONE"} : (tensor<1x4x8xf32>, tensor<8xf32>) -> tensor<1x4x8xf32>
  return %1 : tensor<1x4x8xf32>
}
// DECLINES(ones-in-front): no operand is a RESHAPE that adds ones in front, which the other makes up for
// -----
// CASE: a reshape that does more
func.func @main(%x: tensor<2x4x8xf32> {litewright.name = "x"}, %b: tensor<8x4xf32> {litewright.name = "b"}) -> (tensor<2x4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 4, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.reshape"(%b, %c0) : (tensor<8x4xf32>, tensor<3xi32>) -> tensor<1x4x8xf32>
  %1 = "tfl.add"(%x, %0) {fused_activation_function = "NONE"} : (tensor<2x4x8xf32>, tensor<1x4x8xf32>) -> tensor<2x4x8xf32>
  return %1 : tensor<2x4x8xf32>
}
// DECLINES(ones-in-front): no operand is a RESHAPE that adds ones in front, which the other makes up for
