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
// -----
// CASE: a RELU6 in two steps, behind a sum
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.add"(%x, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.maximum"(%0, %c0) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<6.0> : tensor<f32>} : () -> tensor<f32>
  %2 = "tfl.minimum"(%1, %c1) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}
// CHECK: "tfl.add"({{.*}}) {fused_activation_function = "RELU6"}
// CHECK-NOT: "tfl.m
// -----
// CASE: the upper bound first, of an input
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<6.0> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.minimum"(%c0, %x) : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = "tfl.relu"(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: "tfl.relu6"(%arg0)
// CHECK-NOT: "tfl.minimum"
// -----
// CASE: the upper bound of a fused RELU
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.mul"(%x, %x) {fused_activation_function = "RELU"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<6.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.minimum"(%0, %c0) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: "tfl.mul"({{.*}}) {fused_activation_function = "RELU6"}
// CHECK-NOT: "tfl.minimum"
// -----
// CASE: from -1 to 1
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.minimum"(%x, %c0) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<-1.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.maximum"(%c1, %0) : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: "tfl.relu_n1_to_1"(%arg0)
// CHECK-NOT: "tfl.m
// -----
// CASE: a reshape of rows between them
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<2x2x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2, 2, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<2x2x8xf32>
  %2 = "tfl.relu"(%1) : (tensor<2x2x8xf32>) -> tensor<2x2x8xf32>
  return %2 : tensor<2x2x8xf32>
}
// CHECK: "tfl.fully_connected"({{.*}}) {fused_activation_function = "RELU"
// CHECK: "tfl.reshape"
// CHECK-NOT: "tfl.relu"
// -----
// CASE: bounds of no activation
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.relu"(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<5.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.minimum"(%0, %c0) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(bounds-are-activation): the bounds are those of no activation
// -----
// CASE: one bound of an input
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<6.0> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.minimum"(%x, %c0) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
// DECLINES(bounds-are-activation): the operand is no bounded value
// -----
// CASE: the larger of two inputs
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %y: tensor<4x8xf32> {litewright.name = "y"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.maximum"(%x, %y) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
// DECLINES(bounds-are-activation): no operand is a number
// -----
// CASE: a bounded value that is a result too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y0"}, tensor<4x8xf32> {litewright.name = "y1"}) {
  %0 = "tfl.relu"(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<6.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.minimum"(%0, %c0) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %1, %0 : tensor<4x8xf32>, tensor<4x8xf32>
}
// DECLINES(bounds-are-activation): the value before the bound is read elsewhere too
// -----
// CASE: integers
func.func @main(%x: tensor<4x8xi32> {litewright.name = "x"}) -> (tensor<4x8xi32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
  %0 = "tfl.maximum"(%x, %c0) : (tensor<4x8xi32>, tensor<i32>) -> tensor<4x8xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<6> : tensor<i32>} : () -> tensor<i32>
  %1 = "tfl.minimum"(%0, %c1) : (tensor<4x8xi32>, tensor<i32>) -> tensor<4x8xi32>
  return %1 : tensor<4x8xi32>
}
// DECLINES(bounds-are-activation): no operand is a number
