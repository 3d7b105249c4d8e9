// RUN: litewright opt %s -p fuse-biases
// CASE: a constant per channel
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.add"(%0, %c1) {fused_activation_function = "RELU"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: "tfl.fully_connected"({{.*}}) {fused_activation_function = "RELU"
// CHECK-NOT: "tfl.add"
// -----
// CASE: a scalar on the left, added to a bias
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<1.0> : tensor<8xf32>} : () -> tensor<8xf32>
  %0 = "tfl.fully_connected"(%x, %w, %c0) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.add"(%c1, %0) {fused_activation_function = "NONE"} : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: dense<1.500000e+00> : tensor<8xf32>
// CHECK: "tfl.fully_connected"
// CHECK-NOT: "tfl.add"
// -----
// CASE: an addend that is an input
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}, %v: tensor<8xf32> {litewright.name = "v"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %1 = "tfl.add"(%0, %v) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(add-is-bias): the addend is no constant per channel
// -----
// CASE: a sum of inputs
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.add"(%x, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
// DECLINES(add-is-bias): no operand is a FULLY_CONNECTED or convolution
// -----
// CASE: the product is a result too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y0"}, tensor<4x8xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.add"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}
// DECLINES(add-is-bias): the product is read elsewhere too
// -----
// CASE: an addend of more rows
func.func @main(%x: tensor<1x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x8xf32>, tensor<8x8xf32>, none) -> tensor<1x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<1.0> : tensor<4x8xf32>} : () -> tensor<4x8xf32>
  %1 = "tfl.add"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(add-is-bias): the sum is broadcast to a larger shape
// -----
// CASE: an activation stands between
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "RELU", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.add"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(add-is-bias): an activation stands between the product and the addition
// -----
// CASE: a bias that is a weight
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}, %b: tensor<8xf32> {litewright.weight = "b"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.fully_connected"(%x, %w, %b) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.add"(%0, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(add-is-bias): the bias that is there is no constant
// -----
// CASE: a reshape of rows between them
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<2x2x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2, 2, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<2x2x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %2 = "tfl.add"(%1, %c2) {fused_activation_function = "RELU"} : (tensor<2x2x8xf32>, tensor<8xf32>) -> tensor<2x2x8xf32>
  return %2 : tensor<2x2x8xf32>
}
// CHECK: "tfl.fully_connected"({{.*}}) {fused_activation_function = "RELU"
// CHECK: "tfl.reshape"{{.*}} -> tensor<2x2x8xf32>
// CHECK-NOT: "tfl.add"
// -----
// CASE: a reshape of channels between them
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<8x4xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[8, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<2xi32>) -> tensor<8x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %2 = "tfl.add"(%1, %c2) {fused_activation_function = "NONE"} : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8x4xf32>
  return %2 : tensor<8x4xf32>
}
// DECLINES(add-is-bias): no operand is a FULLY_CONNECTED or convolution
