// RUN: litewright opt %s -p absorb-broadcasts
// CASE: a broadcast that the other operand makes up for
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %b: tensor<8xf32> {litewright.name = "b"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %s = "tfl.pseudo_const"() {value = dense<[4, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.broadcast_to"(%b, %s) : (tensor<8xf32>, tensor<2xi32>) -> tensor<4x8xf32>
  %1 = "tfl.sub"(%0, %x) {fused_activation_function = "RELU"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: "tfl.sub"(%arg1, %arg0) {fused_activation_function = "RELU"} : (tensor<8xf32>, tensor<4x8xf32>)
// CHECK-NOT: "tfl.broadcast_to"
// -----
// CASE: a constant of one number
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c = "tfl.pseudo_const"() {value = dense<2.5> : tensor<4x8xf32>} : () -> tensor<4x8xf32>
  %1 = "tfl.div"(%c, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: dense<2.500000e+00> : tensor<f32>
// CHECK-NEXT: "tfl.div"(%{{.*}}, %arg0)
// -----
// CASE: both operands are spread along the same axis: one of them has to be
func.func @main(%x: tensor<8xf32> {litewright.name = "x"}, %b: tensor<8xf32> {litewright.name = "b"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %s = "tfl.pseudo_const"() {value = dense<[4, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.broadcast_to"(%x, %s) : (tensor<8xf32>, tensor<2xi32>) -> tensor<4x8xf32>
  %1 = "tfl.broadcast_to"(%b, %s) : (tensor<8xf32>, tensor<2xi32>) -> tensor<4x8xf32>
  %2 = "tfl.add"(%0, %1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}
// CHECK: "tfl.broadcast_to"
// CHECK-NOT: "tfl.broadcast_to"
// CHECK: "tfl.add"
// -----
// CASE: operands as they are
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.mul"(%x, %c) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(absorb-operand): no operand is a broadcast that the other makes up for
// DECLINES(shrink-splat): no operand is a splat beside one that makes up the result's shape
// -----
// CASE: a splat that makes up the shape
func.func @main(%x: tensor<8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c = "tfl.pseudo_const"() {value = dense<2.0> : tensor<4x8xf32>} : () -> tensor<4x8xf32>
  %1 = "tfl.mul"(%x, %c) {fused_activation_function = "NONE"} : (tensor<8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(shrink-splat): no operand is a splat beside one that makes up the result's shape
// -----
// CASE: a constant of one number that alone adds a dimension
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<1x4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<2.0> : tensor<1x4x8xf32>} : () -> tensor<1x4x8xf32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return %0 : tensor<1x4x8xf32>
}
// CHECK: dense<2.000000e+00> : tensor<1x1x1xf32>
// CHECK-NEXT: "tfl.mul"
