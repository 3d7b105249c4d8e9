// RUN: litewright opt %s -p shrink-constants
// CASE: a bias that is the same for a batch and all rows
func.func @main(%x: tensor<2x2x3xf32> {litewright.name = "x"}) -> (tensor<2x2x3xf32> {litewright.name = "y"}) {
  %c = "tfl.pseudo_const"() {value = dense<[[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]]> : tensor<2x2x3xf32>} : () -> tensor<2x2x3xf32>
  %1 = "tfl.add"(%x, %c) {fused_activation_function = "RELU"} : (tensor<2x2x3xf32>, tensor<2x2x3xf32>) -> tensor<2x2x3xf32>
  return %1 : tensor<2x2x3xf32>
}
// CHECK: dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]> : tensor<3xf32>
// CHECK-NEXT: "tfl.add"(%arg0, %{{.*}}) {fused_activation_function = "RELU"} : (tensor<2x2x3xf32>, tensor<3xf32>)
// -----
// CASE: the left operand, along an inner dimension
func.func @main(%x: tensor<2x3xf32> {litewright.name = "x"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %c = "tfl.pseudo_const"() {value = dense<[[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %1 = "tfl.sub"(%c, %x) {fused_activation_function = "NONE"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: tensor<2x1xf32>
// CHECK-NEXT: "tfl.sub"(%{{.*}}, %arg0)
// -----
// CASE: the constant makes up the shape of the result
// DECLINES(shrink-constant): no constant repeats itself where the other operand makes up for it
func.func @main(%x: tensor<1x3xf32> {litewright.name = "x"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %c = "tfl.pseudo_const"() {value = dense<[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %1 = "tfl.mul"(%x, %c) {fused_activation_function = "NONE"} : (tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// -----
// CASE: zeros of two signs are two numbers
// DECLINES(shrink-constant): no constant repeats itself where the other operand makes up for it
func.func @main(%x: tensor<2x2xf32> {litewright.name = "x"}) -> (tensor<2x2xf32> {litewright.name = "y"}) {
  %c = "tfl.pseudo_const"() {value = dense<[[0.0, 1.0], [-0.0, 1.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %1 = "tfl.mul"(%x, %c) {fused_activation_function = "NONE"} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}
