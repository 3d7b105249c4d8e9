// RUN: litewright opt %s -p sink-transposes
// CASE: an activation of a transposed value
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}) -> (tensor<4x2x3xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[2, 0, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<2x3x4xf32>, tensor<3xi32>) -> tensor<4x2x3xf32>
  %1 = "tfl.gelu"(%0) {approximate = false} : (tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  return %1 : tensor<4x2x3xf32>
}
// CHECK: "tfl.gelu"(%arg0) {approximate = false} : (tensor<2x3x4xf32>)
// CHECK: "tfl.transpose"
// -----
// CASE: a sum of values transposed alike, and of a constant in a new order
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %y: tensor<2x3x4xf32> {litewright.name = "y"}) -> (tensor<4x2x3xf32> {litewright.name = "z"}) {
  %p = "tfl.pseudo_const"() {value = dense<[2, 0, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %c = "tfl.pseudo_const"() {value = dense<[1.0, -2.0, 4.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %h = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<2x3x4xf32>, tensor<3xi32>) -> tensor<4x2x3xf32>
  %1 = "tfl.transpose"(%y, %p) : (tensor<2x3x4xf32>, tensor<3xi32>) -> tensor<4x2x3xf32>
  %2 = "tfl.sub"(%0, %1) {fused_activation_function = "RELU"} : (tensor<4x2x3xf32>, tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  %3 = "tfl.mul"(%c, %2) {fused_activation_function = "NONE"} : (tensor<3xf32>, tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  %4 = "tfl.add"(%3, %h) {fused_activation_function = "NONE"} : (tensor<4x2x3xf32>, tensor<f32>) -> tensor<4x2x3xf32>
  return %4 : tensor<4x2x3xf32>
}
// CHECK: "tfl.sub"(%arg0, %arg1) {fused_activation_function = "RELU"} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>)
// CHECK: dense<{{.*}}1.000000e+00{{.*}}> : tensor<1x3x1xf32>
// CHECK: "tfl.mul"
// CHECK: "tfl.add"
// CHECK: "tfl.transpose"
// CHECK-NOT: "tfl.transpose"
// -----
// CASE: a reduction that keeps what is left in order
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[0, 2, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %a = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<2x3x4xf32>, tensor<3xi32>) -> tensor<2x4x3xf32>
  %1 = "tfl.mean"(%0, %a) {keep_dims = false} : (tensor<2x4x3xf32>, tensor<1xi32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: dense<2> : tensor<1xi32>
// CHECK-NEXT: "tfl.mean"(%arg0
// CHECK-NOT: "tfl.transpose"
// -----
// CASE: a reduction with kept dimensions
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}) -> (tensor<4x1x3xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[2, 0, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %a = "tfl.pseudo_const"() {value = dense<-2> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<2x3x4xf32>, tensor<3xi32>) -> tensor<4x2x3xf32>
  %1 = "tfl.reduce_max"(%0, %a) {keep_dims = true} : (tensor<4x2x3xf32>, tensor<1xi32>) -> tensor<4x1x3xf32>
  return %1 : tensor<4x1x3xf32>
}
// CHECK: dense<0> : tensor<1xi32>
// CHECK-NEXT: "tfl.reduce_max"(%arg0
// CHECK: "tfl.transpose"
// -----
// CASE: an activation of an input
func.func @main(%x: tensor<2x3xf32> {litewright.name = "x"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %0 = "tfl.tanh"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(through-unary): the operand is no TRANSPOSE
// -----
// CASE: the transposed value is a result too
func.func @main(%x: tensor<2x3xf32> {litewright.name = "x"}) -> (tensor<3x2xf32> {litewright.name = "y0"}, tensor<3x2xf32> {litewright.name = "y1"}) {
  %p = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<3x2xf32>
  %1 = "tfl.tanh"(%0) : (tensor<3x2xf32>) -> tensor<3x2xf32>
  return %0, %1 : tensor<3x2xf32>, tensor<3x2xf32>
}
// DECLINES(through-unary): the transposed value is read elsewhere too
// -----
// CASE: a sum of inputs
func.func @main(%x: tensor<2x3xf32> {litewright.name = "x"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %0 = "tfl.add"(%x, %x) {fused_activation_function = "NONE"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(through-binary): no operand is a TRANSPOSE
// -----
// CASE: a sum with an input, and with what is transposed otherwise
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %y: tensor<4x3x2xf32> {litewright.name = "y"}) -> (tensor<4x2x3xf32> {litewright.name = "z"}) {
  %p = "tfl.pseudo_const"() {value = dense<[2, 0, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %q = "tfl.pseudo_const"() {value = dense<[0, 2, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<2x3x4xf32>, tensor<3xi32>) -> tensor<4x2x3xf32>
  %1 = "tfl.transpose"(%y, %q) : (tensor<4x3x2xf32>, tensor<3xi32>) -> tensor<4x2x3xf32>
  %2 = "tfl.add"(%0, %1) {fused_activation_function = "NONE"} : (tensor<4x2x3xf32>, tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  return %2 : tensor<4x2x3xf32>
}
// DECLINES(through-binary): the other operand is neither constant nor transposed alike
// -----
// CASE: a product with a table whose transposed value is read again, as rotary embedding does
func.func @main(%x: tensor<3x2xf32> {litewright.name = "x"}) -> (tensor<2x3xf32> {litewright.name = "y0"}, tensor<2x3xf32> {litewright.name = "y1"}) {
  %p = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c = "tfl.pseudo_const"() {value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<3x2xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  %1 = "tfl.mul"(%c, %0) {fused_activation_function = "NONE"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0, %1 : tensor<2x3xf32>, tensor<2x3xf32>
}
// DECLINES(through-binary): the transposed values are read elsewhere too
// -----
// CASE: a reduction of an input
func.func @main(%x: tensor<2x3xf32> {litewright.name = "x"}) -> (tensor<2xf32> {litewright.name = "y"}) {
  %a = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.sum"(%x, %a) {keep_dims = false} : (tensor<2x3xf32>, tensor<1xi32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
// DECLINES(through-reduction): the operand is no TRANSPOSE, or the axes are not constant
// -----
// CASE: a reduction behind which dimensions would still trade places
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}) -> (tensor<4x2xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[2, 1, 0]> : tensor<3xi32>} : () -> tensor<3xi32>
  %a = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<2x3x4xf32>, tensor<3xi32>) -> tensor<4x3x2xf32>
  %1 = "tfl.sum"(%0, %a) {keep_dims = false} : (tensor<4x3x2xf32>, tensor<1xi32>) -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}
// DECLINES(through-reduction): the dimensions that are left trade places
