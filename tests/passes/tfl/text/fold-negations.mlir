// RUN: litewright opt %s -p fold-negations
// CASE: rotary embedding in halves
func.func @main(%a: tensor<1x2x3x4xf32> {litewright.name = "a"}, %b: tensor<1x2x3x4xf32> {litewright.name = "b"}, %sin: tensor<3x8xf32> {litewright.name = "sin"}) -> (tensor<1x2x3x8xf32> {litewright.name = "y"}) {
  %n = "tfl.neg"(%b) : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %j = "tfl.concatenation"(%n, %a) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x8xf32>
  %y = "tfl.mul"(%j, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  return %y : tensor<1x2x3x8xf32>
}
// CHECK-NOT: "tfl.neg"
// CHECK: "tfl.concatenation"(%arg1, %arg0)
// CHECK: dense<[-1.000000e+00, -1.000000e+00, -1.000000e+00, -1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00]>
// CHECK-NEXT: "tfl.mul"(%arg2
// CHECK-NEXT: "tfl.mul"
// -----
// CASE: a table known in advance, on the left, with an axis counted from the end
func.func @main(%a: tensor<2x1xf32> {litewright.name = "a"}, %b: tensor<2x2xf32> {litewright.name = "b"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %c = "tfl.pseudo_const"() {value = dense<[[2.0, 3.0, 4.0], [5.0, 6.0, 7.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %n = "tfl.neg"(%b) : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %j = "tfl.concatenation"(%a, %n) {axis = -1 : i32, fused_activation_function = "NONE"} : (tensor<2x1xf32>, tensor<2x2xf32>) -> tensor<2x3xf32>
  %y = "tfl.mul"(%c, %j) {fused_activation_function = "RELU"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
// CHECK-NOT: "tfl.neg"
// CHECK: 2.000000e+00, -3.000000e+00, -4.000000e+00], [5.000000e+00, -6.000000e+00, -7.000000e+00
// CHECK-NEXT: "tfl.mul"{{.*}} {fused_activation_function = "RELU"}
// CHECK-NOT: "tfl.mul"
// -----
// CASE: interleaved: pairs are joined, then flattened
func.func @main(%a: tensor<2x3x4x1xf32> {litewright.name = "a"}, %b: tensor<2x3x4x1xf32> {litewright.name = "b"}, %sin: tensor<3x8xf32> {litewright.name = "sin"}) -> (tensor<2x3x8xf32> {litewright.name = "y"}) {
  %s = "tfl.pseudo_const"() {value = dense<[2, 3, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %n = "tfl.neg"(%b) : (tensor<2x3x4x1xf32>) -> tensor<2x3x4x1xf32>
  %j = "tfl.concatenation"(%n, %a) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<2x3x4x1xf32>, tensor<2x3x4x1xf32>) -> tensor<2x3x4x2xf32>
  %f = "tfl.reshape"(%j, %s) : (tensor<2x3x4x2xf32>, tensor<3xi32>) -> tensor<2x3x8xf32>
  %y = "tfl.mul"(%f, %sin) {fused_activation_function = "NONE"} : (tensor<2x3x8xf32>, tensor<3x8xf32>) -> tensor<2x3x8xf32>
  return %y : tensor<2x3x8xf32>
}
// CHECK-NOT: "tfl.neg"
// CHECK: dense<[-1.000000e+00, 1.000000e+00, -1.000000e+00, 1.000000e+00, -1.000000e+00, 1.000000e+00, -1.000000e+00, 1.000000e+00]>
// -----
// CASE: a product of inputs
func.func @main(%a: tensor<2x3xf32> {litewright.name = "a"}, %b: tensor<2x3xf32> {litewright.name = "b"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %y = "tfl.mul"(%a, %b) {fused_activation_function = "NONE"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
// DECLINES(sign-into-factor): no operand is a CONCATENATION
// -----
// CASE: the negated part is a result too
func.func @main(%a: tensor<2x3xf32> {litewright.name = "a"}, %b: tensor<2x3xf32> {litewright.name = "b"}, %c: tensor<2x6xf32> {litewright.name = "c"}) -> (tensor<2x6xf32> {litewright.name = "y0"}, tensor<2x3xf32> {litewright.name = "y1"}) {
  %n = "tfl.neg"(%b) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %j = "tfl.concatenation"(%a, %n) {axis = 1 : i32, fused_activation_function = "NONE"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %y = "tfl.mul"(%j, %c) {fused_activation_function = "NONE"} : (tensor<2x6xf32>, tensor<2x6xf32>) -> tensor<2x6xf32>
  return %y, %n : tensor<2x6xf32>, tensor<2x3xf32>
}
// DECLINES(sign-into-factor): no part of the CONCATENATION is a NEG that nothing else reads
// -----
// CASE: the joined value is a result too
func.func @main(%a: tensor<2x3xf32> {litewright.name = "a"}, %b: tensor<2x3xf32> {litewright.name = "b"}, %c: tensor<2x6xf32> {litewright.name = "c"}) -> (tensor<2x6xf32> {litewright.name = "y0"}, tensor<2x6xf32> {litewright.name = "y1"}) {
  %n = "tfl.neg"(%b) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %j = "tfl.concatenation"(%a, %n) {axis = 1 : i32, fused_activation_function = "NONE"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %y = "tfl.mul"(%j, %c) {fused_activation_function = "NONE"} : (tensor<2x6xf32>, tensor<2x6xf32>) -> tensor<2x6xf32>
  return %y, %j : tensor<2x6xf32>, tensor<2x6xf32>
}
// DECLINES(sign-into-factor): the joined value is read elsewhere too
// -----
// CASE: a reshape that no row of signs can follow
func.func @main(%a: tensor<2x3xf32> {litewright.name = "a"}, %b: tensor<2x3xf32> {litewright.name = "b"}, %c: tensor<3x4xf32> {litewright.name = "c"}) -> (tensor<3x4xf32> {litewright.name = "y"}) {
  %s = "tfl.pseudo_const"() {value = dense<[3, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %n = "tfl.neg"(%b) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %j = "tfl.concatenation"(%a, %n) {axis = 1 : i32, fused_activation_function = "NONE"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %f = "tfl.reshape"(%j, %s) : (tensor<2x6xf32>, tensor<2xi32>) -> tensor<3x4xf32>
  %y = "tfl.mul"(%f, %c) {fused_activation_function = "NONE"} : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}
// DECLINES(sign-into-factor): the reshape mixes the joined dimension with those before it
// -----
// CASE: a factor that spreads the joined value
func.func @main(%a: tensor<1x3xf32> {litewright.name = "a"}, %b: tensor<1x3xf32> {litewright.name = "b"}, %c: tensor<5x6xf32> {litewright.name = "c"}) -> (tensor<5x6xf32> {litewright.name = "y"}) {
  %n = "tfl.neg"(%b) : (tensor<1x3xf32>) -> tensor<1x3xf32>
  %j = "tfl.concatenation"(%a, %n) {axis = 1 : i32, fused_activation_function = "NONE"} : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x6xf32>
  %y = "tfl.mul"(%j, %c) {fused_activation_function = "NONE"} : (tensor<1x6xf32>, tensor<5x6xf32>) -> tensor<5x6xf32>
  return %y : tensor<5x6xf32>
}
// DECLINES(sign-into-factor): the factor is larger than what it multiplies
// -----
// CASE: a part is negated before it gets its dimension
func.func @main(%a: tensor<2x3x4x1xf32> {litewright.name = "a"}, %b: tensor<2x3x4xf32> {litewright.name = "b"}, %sin: tensor<3x8xf32> {litewright.name = "sin"}) -> (tensor<2x3x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.neg"(%b) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<[2, 3, 4, 1]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c0) : (tensor<2x3x4xf32>, tensor<4xi32>) -> tensor<2x3x4x1xf32>
  %2 = "tfl.concatenation"(%1, %a) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<2x3x4x1xf32>, tensor<2x3x4x1xf32>) -> tensor<2x3x4x2xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2, 3, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %3 = "tfl.reshape"(%2, %c1) : (tensor<2x3x4x2xf32>, tensor<3xi32>) -> tensor<2x3x8xf32>
  %4 = "tfl.mul"(%3, %sin) {fused_activation_function = "NONE"} : (tensor<2x3x8xf32>, tensor<3x8xf32>) -> tensor<2x3x8xf32>
  return %4 : tensor<2x3x8xf32>
}
// CHECK-NOT: "tfl.neg"
// CHECK: "tfl.concatenation"
