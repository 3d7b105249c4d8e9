// RUN: litewright opt %s -p fuse-activations
// CASE: of a FULLY_CONNECTED
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %1 = "tfl.relu6"(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: "tfl.fully_connected"({{.*}}) {fused_activation_function = "RELU6"
// CHECK-NOT: "tfl.relu6"
// -----
// CASE: of a sum
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.add"(%x, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = "tfl.relu_n1_to_1"(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: "tfl.add"({{.*}}) {fused_activation_function = "RELU_N1_TO_1"}
// CHECK-NOT: "tfl.relu_n1_to_1"
// -----
// CASE: of an input
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.relu"(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
// DECLINES(fuse-into-producer): the operand is made by no op that takes an activation
// -----
// CASE: of a value that is a result too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y0"}, tensor<4x8xf32> {litewright.name = "y1"}) {
  %0 = "tfl.add"(%x, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = "tfl.relu"(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1, %0 : tensor<4x8xf32>, tensor<4x8xf32>
}
// DECLINES(fuse-into-producer): the value before the activation is read elsewhere too
// -----
// CASE: behind another activation
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.add"(%x, %x) {fused_activation_function = "RELU_N1_TO_1"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = "tfl.relu6"(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(fuse-into-producer): the producer has an activation
