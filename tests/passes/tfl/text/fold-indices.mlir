// RUN: litewright opt %s -p fold-indices
// CASE: places brought into range in advance, and read by a slice
func.func @main(%x: tensor<3x6x8xf32> {litewright.name = "x"}) -> (tensor<3x2x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[3, 4]> : tensor<2xi64>} : () -> tensor<2xi64>
  %0 = "tfl.cast"(%c0) : (tensor<2xi64>) -> tensor<2xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
  %1 = "tfl.maximum"(%0, %c1) : (tensor<2xi32>, tensor<i32>) -> tensor<2xi32>
  %c2 = "tfl.pseudo_const"() {value = dense<5> : tensor<i32>} : () -> tensor<i32>
  %2 = "tfl.minimum"(%1, %c2) : (tensor<2xi32>, tensor<i32>) -> tensor<2xi32>
  %3 = "tfl.gather"(%x, %2) {axis = 1 : i32, batch_dims = 0 : i32} : (tensor<3x6x8xf32>, tensor<2xi32>) -> tensor<3x2x8xf32>
  return %3 : tensor<3x2x8xf32>
}
// CHECK: dense<[0, 3, 0]>
// CHECK: "tfl.slice"(%arg0{{.*}} -> tensor<3x2x8xf32>
// CHECK-NOT: "tfl.gather"
// -----
// CASE: one place, whose dimension goes
func.func @main(%x: tensor<3x6x8xf32> {litewright.name = "x"}) -> (tensor<3x6xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<4> : tensor<i32>} : () -> tensor<i32>
  %0 = "tfl.gather"(%x, %c0) {axis = -1 : i32, batch_dims = 0 : i32} : (tensor<3x6x8xf32>, tensor<i32>) -> tensor<3x6xf32>
  return %0 : tensor<3x6xf32>
}
// CHECK: "tfl.slice"(%arg0{{.*}} -> tensor<3x6x1xf32>
// CHECK: "tfl.reshape"{{.*}} -> tensor<3x6xf32>
// -----
// CASE: sums, differences and products of numbers
func.func @main(%x: tensor<4xi32> {litewright.name = "x"}) -> (tensor<4xi32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[5, 6, 7, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<2> : tensor<i32>} : () -> tensor<i32>
  %0 = "tfl.sub"(%c0, %c1) {fused_activation_function = "NONE"} : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %c2 = "tfl.pseudo_const"() {value = dense<3> : tensor<i32>} : () -> tensor<i32>
  %1 = "tfl.mul"(%0, %c2) {fused_activation_function = "NONE"} : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  %2 = "tfl.add"(%x, %1) {fused_activation_function = "NONE"} : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  return %2 : tensor<4xi32>
}
// CHECK: dense<[9, 12, 15, 18]>
// CHECK-NEXT: "tfl.add"
// CHECK-NOT: "tfl.mul"
// -----
// CASE: floats
func.func @main(%x: tensor<4xf32> {litewright.name = "x"}) -> (tensor<4xf32> {litewright.name = "y"}) {
  %0 = "tfl.add"(%x, %x) {fused_activation_function = "NONE"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// DECLINES(known-integers): the numbers are no integers
// -----
// CASE: an input
func.func @main(%x: tensor<4xi32> {litewright.name = "x"}) -> (tensor<4xi32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<1> : tensor<i32>} : () -> tensor<i32>
  %0 = "tfl.add"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}
// DECLINES(known-integers): an operand is computed at run time
// -----
// CASE: a number of too many bits
func.func @main(%x: tensor<2xi32> {litewright.name = "x"}) -> (tensor<2xi32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 4294967298]> : tensor<2xi64>} : () -> tensor<2xi64>
  %0 = "tfl.cast"(%c0) : (tensor<2xi64>) -> tensor<2xi32>
  %1 = "tfl.add"(%x, %0) {fused_activation_function = "NONE"} : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  return %1 : tensor<2xi32>
}
// DECLINES(known-integers): a number does not fit
// -----
// CASE: an activation
func.func @main(%x: tensor<2xi32> {litewright.name = "x"}) -> (tensor<2xi32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 2]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<4> : tensor<i32>} : () -> tensor<i32>
  %0 = "tfl.sub"(%c0, %c1) {fused_activation_function = "RELU"} : (tensor<2xi32>, tensor<i32>) -> tensor<2xi32>
  %1 = "tfl.add"(%x, %0) {fused_activation_function = "NONE"} : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  return %1 : tensor<2xi32>
}
// DECLINES(known-integers): an activation is fused
// -----
// CASE: places that are an input
func.func @main(%x: tensor<3x6xf32> {litewright.name = "x"}, %i: tensor<2xi32> {litewright.name = "i"}) -> (tensor<3x2xf32> {litewright.name = "y"}) {
  %0 = "tfl.gather"(%x, %i) {axis = 1 : i32, batch_dims = 0 : i32} : (tensor<3x6xf32>, tensor<2xi32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}
// DECLINES(known-places): the places are computed at run time
// -----
// CASE: places out of order
func.func @main(%x: tensor<3x6xf32> {litewright.name = "x"}) -> (tensor<3x2xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[2, 1]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.gather"(%x, %c0) {axis = 1 : i32, batch_dims = 0 : i32} : (tensor<3x6xf32>, tensor<2xi32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}
// DECLINES(known-places): the places are no run
// -----
// CASE: places in two dimensions
func.func @main(%x: tensor<3x6xf32> {litewright.name = "x"}) -> (tensor<3x1x2xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[[2, 3]]> : tensor<1x2xi32>} : () -> tensor<1x2xi32>
  %0 = "tfl.gather"(%x, %c0) {axis = 1 : i32, batch_dims = 0 : i32} : (tensor<3x6xf32>, tensor<1x2xi32>) -> tensor<3x1x2xf32>
  return %0 : tensor<3x1x2xf32>
}
// DECLINES(known-places): the places are no list
