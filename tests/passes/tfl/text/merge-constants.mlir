// RUN: litewright opt %s -p merge-constants
// CASE: factors, one per channel and one for all
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %0 = "tfl.mul"(%x, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %1 = "tfl.mul"(%c0, %0) {fused_activation_function = "RELU"} : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: dense<[5.000000e-01, 1.000000e+00, {{.*}} : tensor<8xf32>
// CHECK: "tfl.mul"(%arg0, {{.*}} {fused_activation_function = "RELU"}
// CHECK-NOT: "tfl.mul"
// -----
// CASE: summands, of a shape each
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]]> : tensor<1x8xf32>} : () -> tensor<1x8xf32>
  %0 = "tfl.add"(%c0, %x) {fused_activation_function = "NONE"} : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.add"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: dense<{{.*}}2.000000e+00, 4.000000e+00, {{.*}} : tensor<1x8xf32>
// CHECK: "tfl.add"(%arg0
// CHECK-NOT: "tfl.add"
// -----
// CASE: no constants
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.mul"(%x, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
// DECLINES(one-constant): no operand is a constant
// -----
// CASE: a factor and a summand
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %1 = "tfl.add"(%0, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(one-constant): the other operand is no such op of a constant
// -----
// CASE: the value between is a result too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y0"}, tensor<4x8xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %1, %0 : tensor<4x8xf32>, tensor<4x8xf32>
}
// DECLINES(one-constant): the value between is read elsewhere too
// -----
// CASE: an activation between
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "RELU"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(one-constant): an activation stands between
// -----
// CASE: rows and columns
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>} : () -> tensor<4x1xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(one-constant): the constants vary along different dimensions
// -----
// CASE: a product of factors beyond all numbers
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<1.0e30> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %1 = "tfl.mul"(%0, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(one-constant): a number would be too large
// -----
// CASE: a dimension of one that only the value between has
func.func @main(%x: tensor<8xf32> {litewright.name = "x"}) -> (tensor<1x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<2.0> : tensor<1x1xf32>} : () -> tensor<1x1xf32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<8xf32>, tensor<1x1xf32>) -> tensor<1x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  return %1 : tensor<1x8xf32>
}
// CHECK: dense<1.000000e+00> : tensor<1x1xf32>
// CHECK-NEXT: "tfl.mul"(%arg0
