// RUN: litewright opt %s -p simplify-shapes
// CASE: two reshapes are one
func.func @main(%x: tensor<4x6xf32> {litewright.name = "x"}) -> (tensor<3x8xf32> {litewright.name = "y"}) {
  %a = "tfl.pseudo_const"() {value = dense<24> : tensor<1xi32>} : () -> tensor<1xi32>
  %b = "tfl.pseudo_const"() {value = dense<[3, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.reshape"(%x, %a) : (tensor<4x6xf32>, tensor<1xi32>) -> tensor<24xf32>
  %1 = "tfl.reshape"(%0, %b) : (tensor<24xf32>, tensor<2xi32>) -> tensor<3x8xf32>
  return %1 : tensor<3x8xf32>
}
// CHECK: "tfl.reshape"(%arg0
// CHECK-NOT: "tfl.reshape"
// -----
// CASE: a reshape to the same shape, and two that undo each other
func.func @main(%x: tensor<4x6xf32> {litewright.name = "x"}) -> (tensor<4x6xf32> {litewright.name = "y"}) {
  %a = "tfl.pseudo_const"() {value = dense<24> : tensor<1xi32>} : () -> tensor<1xi32>
  %b = "tfl.pseudo_const"() {value = dense<[4, 6]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.reshape"(%x, %b) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<4x6xf32>
  %1 = "tfl.tanh"(%0) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %2 = "tfl.reshape"(%1, %a) : (tensor<4x6xf32>, tensor<1xi32>) -> tensor<24xf32>
  %3 = "tfl.reshape"(%2, %b) : (tensor<24xf32>, tensor<2xi32>) -> tensor<4x6xf32>
  return %3 : tensor<4x6xf32>
}
// CHECK: "tfl.tanh"(%arg0)
// CHECK-NOT: "tfl.reshape"
// -----
// CASE: two transposes are one
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}) -> (tensor<4x3x2xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[2, 0, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %q = "tfl.pseudo_const"() {value = dense<[0, 2, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<2x3x4xf32>, tensor<3xi32>) -> tensor<4x2x3xf32>
  %1 = "tfl.transpose"(%0, %q) : (tensor<4x2x3xf32>, tensor<3xi32>) -> tensor<4x3x2xf32>
  return %1 : tensor<4x3x2xf32>
}
// CHECK: dense<[2, 1, 0]>
// CHECK-NEXT: "tfl.transpose"(%arg0
// CHECK-NOT: "tfl.transpose"
// -----
// CASE: two transposes that undo each other are none
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}) -> (tensor<2x3x4xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[2, 0, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %q = "tfl.pseudo_const"() {value = dense<[1, 2, 0]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<2x3x4xf32>, tensor<3xi32>) -> tensor<4x2x3xf32>
  %1 = "tfl.transpose"(%0, %q) : (tensor<4x2x3xf32>, tensor<3xi32>) -> tensor<2x3x4xf32>
  return %1 : tensor<2x3x4xf32>
}
// CHECK-NOT: "tfl.transpose"
// CHECK: return %arg0
// -----
// CASE: a transpose that moves dimensions of size 1 is a reshape, and merges with the one behind it
func.func @main(%x: tensor<1x1x4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %b = "tfl.pseudo_const"() {value = dense<[4, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<1x1x4x8xf32>, tensor<4xi32>) -> tensor<1x4x1x8xf32>
  %1 = "tfl.reshape"(%0, %b) : (tensor<1x4x1x8xf32>, tensor<2xi32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK-NOT: "tfl.transpose"
// CHECK: "tfl.reshape"(%arg0
// CHECK-NOT: "tfl.reshape"
// -----
// CASE: constants are moved once and for all
func.func @main(%x: tensor<3x2xf32> {litewright.name = "x"}) -> (tensor<3x2xf32> {litewright.name = "y"}) {
  %c = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>} : () -> tensor<6xf32>
  %b = "tfl.pseudo_const"() {value = dense<[2, 3]> : tensor<2xi32>} : () -> tensor<2xi32>
  %p = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.reshape"(%c, %b) : (tensor<6xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  %1 = "tfl.transpose"(%0, %p) : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<3x2xf32>
  %2 = "tfl.mul"(%x, %1) {fused_activation_function = "NONE"} : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  return %2 : tensor<3x2xf32>
}
// CHECK: 1.000000e+00, 4.000000e+00
// CHECK-NEXT: "tfl.mul"(%arg0
// -----
// CASE: a reshape alone
func.func @main(%x: tensor<4x6xf32> {litewright.name = "x"}) -> (tensor<24xf32> {litewright.name = "y"}) {
  %a = "tfl.pseudo_const"() {value = dense<24> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.reshape"(%x, %a) : (tensor<4x6xf32>, tensor<1xi32>) -> tensor<24xf32>
  return %0 : tensor<24xf32>
}
// DECLINES(merge-reshapes): the operand is no RESHAPE
// DECLINES(moved-constant): the operand is no constant
// -----
// CASE: a transpose alone that moves elements
func.func @main(%x: tensor<4x6xf32> {litewright.name = "x"}) -> (tensor<6x4xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<6x4xf32>
  return %0 : tensor<6x4xf32>
}
// DECLINES(merge-transposes): the operand is no TRANSPOSE by a constant
// DECLINES(transpose-of-ones-is-reshape): dimensions larger than 1 trade places
// -----
// CASE: a permutation that is computed
func.func @main(%x: tensor<4x6xf32> {litewright.name = "x"}, %n: tensor<2xi32> {litewright.name = "n"}) -> (tensor<6x4xf32> {litewright.name = "y"}) {
  %c = "tfl.pseudo_const"() {value = dense<2.0> : tensor<4x6xf32>} : () -> tensor<4x6xf32>
  %z = "tfl.pseudo_const"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
  %o = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %m = "tfl.mul"(%n, %z) {fused_activation_function = "NONE"} : (tensor<2xi32>, tensor<i32>) -> tensor<2xi32>
  %p = "tfl.add"(%m, %o) {fused_activation_function = "NONE"} : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<6x4xf32>
  %1 = "tfl.transpose"(%c, %p) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<6x4xf32>
  %2 = "tfl.add"(%0, %1) {fused_activation_function = "NONE"} : (tensor<6x4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32>
  return %2 : tensor<6x4xf32>
}
// DECLINES(transpose-of-ones-is-reshape): the permutation is not constant
// DECLINES(moved-constant): the permutation is not constant
// -----
// CASE: rows are flattened for a FULLY_CONNECTED and restored behind it
func.func @main(%x: tensor<2x3x8xf32> {litewright.name = "x"}, %w: tensor<4x8xf32> {litewright.weight = "w"}) -> (tensor<2x3x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[6, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.reshape"(%x, %c0) : (tensor<2x3x8xf32>, tensor<2xi32>) -> tensor<6x8xf32>
  %none = "tfl.no_value"() {value} : () -> none
  %1 = "tfl.fully_connected"(%0, %w, %none) {fused_activation_function = "RELU", keep_num_dims = false, weights_format = "DEFAULT"} : (tensor<6x8xf32>, tensor<4x8xf32>, none) -> tensor<6x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[2, 3, 4]> : tensor<3xi32>} : () -> tensor<3xi32>
  %2 = "tfl.reshape"(%1, %c2) : (tensor<6x4xf32>, tensor<3xi32>) -> tensor<2x3x4xf32>
  return %2 : tensor<2x3x4xf32>
}
// CHECK: "tfl.fully_connected"(%arg0, {{.*}}fused_activation_function = "RELU", keep_num_dims = true{{.*}} -> tensor<2x3x4xf32>
// CHECK-NOT: "tfl.reshape"
// -----
// CASE: rows in two dimensions, for no reason
func.func @main(%x: tensor<6x8xf32> {litewright.name = "x"}, %w: tensor<4x8xf32> {litewright.weight = "w"}) -> (tensor<6x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[2, 3, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.reshape"(%x, %c0) : (tensor<6x8xf32>, tensor<3xi32>) -> tensor<2x3x8xf32>
  %none = "tfl.no_value"() {value} : () -> none
  %1 = "tfl.fully_connected"(%0, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<2x3x8xf32>, tensor<4x8xf32>, none) -> tensor<2x3x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[6, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %2 = "tfl.reshape"(%1, %c2) : (tensor<2x3x4xf32>, tensor<2xi32>) -> tensor<6x4xf32>
  return %2 : tensor<6x4xf32>
}
// CHECK: "tfl.fully_connected"(%arg0, {{.*}}keep_num_dims = false{{.*}} -> tensor<6x4xf32>
// CHECK-NOT: "tfl.reshape"
// -----
// CASE: a FULLY_CONNECTED of an input
func.func @main(%x: tensor<6x8xf32> {litewright.name = "x"}, %w: tensor<4x8xf32> {litewright.weight = "w"}) -> (tensor<6x4xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"} : (tensor<6x8xf32>, tensor<4x8xf32>, none) -> tensor<6x4xf32>
  return %0 : tensor<6x4xf32>
}
// DECLINES(rows-as-they-are): the operand is no RESHAPE
// -----
// CASE: a reshape of what is multiplied
func.func @main(%x: tensor<2x3x8xf32> {litewright.name = "x"}, %w: tensor<4x24xf32> {litewright.weight = "w"}) -> (tensor<2x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[2, 24]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.reshape"(%x, %c0) : (tensor<2x3x8xf32>, tensor<2xi32>) -> tensor<2x24xf32>
  %none = "tfl.no_value"() {value} : () -> none
  %1 = "tfl.fully_connected"(%0, %w, %none) {fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"} : (tensor<2x24xf32>, tensor<4x24xf32>, none) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
// DECLINES(rows-as-they-are): the reshape changes what is multiplied
// -----
// CASE: flattened rows that are a result too
func.func @main(%x: tensor<2x3x8xf32> {litewright.name = "x"}, %w: tensor<4x8xf32> {litewright.weight = "w"}) -> (tensor<6x4xf32> {litewright.name = "y0"}, tensor<6x8xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[6, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.reshape"(%x, %c0) : (tensor<2x3x8xf32>, tensor<2xi32>) -> tensor<6x8xf32>
  %none = "tfl.no_value"() {value} : () -> none
  %1 = "tfl.fully_connected"(%0, %w, %none) {fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"} : (tensor<6x8xf32>, tensor<4x8xf32>, none) -> tensor<6x4xf32>
  return %1, %0 : tensor<6x4xf32>, tensor<6x8xf32>
}
// DECLINES(rows-as-they-are): the reshaped value is read elsewhere too
// -----
// CASE: dimensions of one are taken and given by reshapes
func.func @main(%x: tensor<1x4x1x8xf32> {litewright.name = "x"}) -> (tensor<4x1x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.squeeze"(%x) {squeeze_dims = [0, 2]} : (tensor<1x4x1x8xf32>) -> tensor<4x8xf32>
  %1 = "tfl.tanh"(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<1> : tensor<i32>} : () -> tensor<i32>
  %2 = "tfl.expand_dims"(%1, %c0) : (tensor<4x8xf32>, tensor<i32>) -> tensor<4x1x8xf32>
  return %2 : tensor<4x1x8xf32>
}
// CHECK: "tfl.reshape"{{.*}} -> tensor<4x8xf32>
// CHECK: "tfl.tanh"
// CHECK: "tfl.reshape"{{.*}} -> tensor<4x1x8xf32>
// CHECK-NOT: "tfl.expand_dims"
