// RUN: litewright opt %s -p unstride-slices
// CASE: every second element
func.func @main(%x: tensor<3x8xf32> {litewright.name = "x"}) -> (tensor<3x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 1]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[3, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 2]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.strided_slice"(%x, %c0, %c1, %c2) {begin_mask = 0 : i32, ellipsis_mask = 0 : i32, end_mask = 0 : i32, new_axis_mask = 0 : i32, offset = false, shrink_axis_mask = 0 : i32} : (tensor<3x8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// CHECK: "tfl.reshape"{{.*}} -> tensor<12x2x1xf32>
// CHECK: dense<[0, 1, 0]>
// CHECK: "tfl.slice"{{.*}} -> tensor<12x1x1xf32>
// CHECK: "tfl.reshape"{{.*}} -> tensor<3x4xf32>
// -----
// CASE: patches, from the second row of the second block
func.func @main(%x: tensor<1x6x6x2xf32> {litewright.name = "x"}) -> (tensor<1x2x2x1xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 3, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 6, 4, 1]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 1]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.strided_slice"(%x, %c0, %c1, %c2) {begin_mask = 0 : i32, ellipsis_mask = 0 : i32, end_mask = 0 : i32, new_axis_mask = 0 : i32, offset = false, shrink_axis_mask = 0 : i32} : (tensor<1x6x6x2xf32>, tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x2x1xf32>
  return %0 : tensor<1x2x2x1xf32>
}
// CHECK: "tfl.slice"{{.*}} -> tensor<1x6x6x1xf32>
// CHECK: "tfl.slice"{{.*}} -> tensor<1x2x1x6xf32>
// CHECK: "tfl.slice"{{.*}} -> tensor<4x1x1xf32>
// CHECK: "tfl.reshape"{{.*}} -> tensor<1x2x2x1xf32>
// -----
// CASE: no steps
func.func @main(%x: tensor<3x8xf32> {litewright.name = "x"}) -> (tensor<3x7xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 1]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[3, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 1]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.strided_slice"(%x, %c0, %c1, %c2) {begin_mask = 0 : i32, ellipsis_mask = 0 : i32, end_mask = 0 : i32, new_axis_mask = 0 : i32, offset = false, shrink_axis_mask = 0 : i32} : (tensor<3x8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<3x7xf32>
  return %0 : tensor<3x7xf32>
}
// DECLINES(slice-of-blocks): nothing is stepped over, or backwards
// -----
// CASE: a mask
func.func @main(%x: tensor<3x8xf32> {litewright.name = "x"}) -> (tensor<3x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 1]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[0, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 2]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.strided_slice"(%x, %c0, %c1, %c2) {begin_mask = 0 : i32, ellipsis_mask = 0 : i32, end_mask = 3 : i32, new_axis_mask = 0 : i32, offset = false, shrink_axis_mask = 0 : i32} : (tensor<3x8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// DECLINES(slice-of-blocks): a mask says more about the bounds
// -----
// CASE: integers
func.func @main(%x: tensor<3x8xi32> {litewright.name = "x"}) -> (tensor<3x4xi32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 1]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[3, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 2]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.strided_slice"(%x, %c0, %c1, %c2) {begin_mask = 0 : i32, ellipsis_mask = 0 : i32, end_mask = 0 : i32, new_axis_mask = 0 : i32, offset = false, shrink_axis_mask = 0 : i32} : (tensor<3x8xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<3x4xi32>
  return %0 : tensor<3x4xi32>
}
// DECLINES(slice-of-blocks): the delegate takes floats alone
// -----
// CASE: a step that does not divide
func.func @main(%x: tensor<3x7xf32> {litewright.name = "x"}) -> (tensor<3x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[3, 7]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 2]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.strided_slice"(%x, %c0, %c1, %c2) {begin_mask = 0 : i32, ellipsis_mask = 0 : i32, end_mask = 0 : i32, new_axis_mask = 0 : i32, offset = false, shrink_axis_mask = 0 : i32} : (tensor<3x7xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// DECLINES(slice-of-blocks): a dimension is no whole number of steps
// -----
// CASE: bounds that are computed
func.func @main(%x: tensor<3x8xf32> {litewright.name = "x"}, %n: tensor<2xi32> {litewright.name = "n"}) -> (tensor<3x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
  %0 = "tfl.mul"(%n, %c0) {fused_activation_function = "NONE"} : (tensor<2xi32>, tensor<i32>) -> tensor<2xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[3, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 2]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.strided_slice"(%x, %0, %c1, %c2) {begin_mask = 0 : i32, ellipsis_mask = 0 : i32, end_mask = 0 : i32, new_axis_mask = 0 : i32, offset = false, shrink_axis_mask = 0 : i32} : (tensor<3x8xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}
// DECLINES(slice-of-blocks): the bounds are not constant
