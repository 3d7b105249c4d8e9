// RUN: litewright opt %s -p simplify-reductions
// CASE: a sum divided by what it counts
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.sum"(%x, %c0) {keep_dims = false} : (tensor<4x8xf32>, tensor<1xi32>) -> tensor<4xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<8.0> : tensor<4xf32>} : () -> tensor<4xf32>
  %1 = "tfl.div"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
// CHECK: "tfl.mean"(%arg0{{.*}}keep_dims = false
// CHECK-NOT: "tfl.div"
// -----
// CASE: a sum over two dimensions times the reciprocal, on the left
func.func @main(%x: tensor<2x3x5xf32> {litewright.name = "x"}) -> (tensor<1x3x1xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.1> : tensor<f32>} : () -> tensor<f32>
  %c1 = "tfl.pseudo_const"() {value = dense<[0, 2]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.sum"(%x, %c1) {keep_dims = true} : (tensor<2x3x5xf32>, tensor<2xi32>) -> tensor<1x3x1xf32>
  %1 = "tfl.mul"(%c0, %0) {fused_activation_function = "NONE"} : (tensor<f32>, tensor<1x3x1xf32>) -> tensor<1x3x1xf32>
  return %1 : tensor<1x3x1xf32>
}
// CHECK: "tfl.mean"(%arg0{{.*}}keep_dims = true
// CHECK-NOT: "tfl.mul"
// -----
// CASE: a reshape that puts the dimension back
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x1xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<-1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.reduce_max"(%x, %c0) {keep_dims = false} : (tensor<4x8xf32>, tensor<1xi32>) -> tensor<4xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[4, 1]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4xf32>, tensor<2xi32>) -> tensor<4x1xf32>
  return %1 : tensor<4x1xf32>
}
// CHECK: "tfl.reduce_max"(%arg0{{.*}}keep_dims = true
// CHECK-NOT: "tfl.reshape"
// -----
// CASE: a sum divided by another number
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.sum"(%x, %c0) {keep_dims = false} : (tensor<4x8xf32>, tensor<1xi32>) -> tensor<4xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.div"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
// DECLINES(scaled-sum-is-mean): the divisor is not the number of elements
// -----
// CASE: a number divided by a sum
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<8.0> : tensor<f32>} : () -> tensor<f32>
  %c1 = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.sum"(%x, %c1) {keep_dims = false} : (tensor<4x8xf32>, tensor<1xi32>) -> tensor<4xf32>
  %1 = "tfl.div"(%c0, %0) {fused_activation_function = "NONE"} : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
// DECLINES(scaled-sum-is-mean): no operand is a SUM beside a number
// -----
// CASE: the sum is a result too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4xf32> {litewright.name = "y0"}, tensor<4xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.sum"(%x, %c0) {keep_dims = false} : (tensor<4x8xf32>, tensor<1xi32>) -> tensor<4xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<8.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.div"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %1, %0 : tensor<4xf32>, tensor<4xf32>
}
// DECLINES(scaled-sum-is-mean): the sum is read elsewhere too, or broadcast
// -----
// CASE: the mean of a sum and an activation
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.sum"(%x, %c0) {keep_dims = false} : (tensor<4x8xf32>, tensor<1xi32>) -> tensor<4xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<8.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.div"(%0, %c1) {fused_activation_function = "RELU"} : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
// DECLINES(scaled-sum-is-mean): an activation is fused
// -----
// CASE: a reshape of an input
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<32xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<32> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.reshape"(%x, %c0) : (tensor<4x8xf32>, tensor<1xi32>) -> tensor<32xf32>
  return %0 : tensor<32xf32>
}
// DECLINES(keep-reduced-dimensions): the operand is no reduction
// -----
// CASE: dimensions that are kept already
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<1x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.mean"(%x, %c0) {keep_dims = true} : (tensor<4x8xf32>, tensor<1xi32>) -> tensor<4x1xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x1xf32>, tensor<2xi32>) -> tensor<1x4xf32>
  return %1 : tensor<1x4xf32>
}
// DECLINES(keep-reduced-dimensions): the dimensions are kept already, or the value is read elsewhere too
// -----
// CASE: a reshape that moves the dimension
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<1x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.mean"(%x, %c0) {keep_dims = false} : (tensor<4x8xf32>, tensor<1xi32>) -> tensor<4xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4xf32>, tensor<2xi32>) -> tensor<1x4xf32>
  return %1 : tensor<1x4xf32>
}
// DECLINES(keep-reduced-dimensions): the reshape does more than to put dimensions back
