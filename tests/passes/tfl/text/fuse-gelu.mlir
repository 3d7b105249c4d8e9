// RUN: litewright opt %s -p fuse-gelu
// CASE: with the cube
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %1 = "tfl.mul"(%x, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = "tfl.mul"(%1, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<0.044715> : tensor<f32>} : () -> tensor<f32>
  %3 = "tfl.mul"(%2, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %4 = "tfl.add"(%x, %3) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<0.797884583> : tensor<f32>} : () -> tensor<f32>
  %5 = "tfl.mul"(%4, %c2) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %6 = "tfl.tanh"(%5) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %7 = "tfl.add"(%6, %c3) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %8 = "tfl.mul"(%0, %7) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %8 : tensor<4x8xf32>
}
// CHECK: "tfl.gelu"(%arg0) {approximate = true}
// CHECK-NOT: "tfl.tanh"
// -----
// CASE: with the square, operands the other way round
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.044715> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.mul"(%c0, %x) {fused_activation_function = "NONE"} : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = "tfl.mul"(%x, %0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<0.7978845608> : tensor<f32>} : () -> tensor<f32>
  %2 = "tfl.mul"(%c1, %x) {fused_activation_function = "NONE"} : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %3 = "tfl.add"(%c2, %1) {fused_activation_function = "NONE"} : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %4 = "tfl.mul"(%2, %3) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %5 = "tfl.tanh"(%4) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %6 = "tfl.add"(%5, %c2) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %7 = "tfl.mul"(%x, %c3) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %8 = "tfl.mul"(%6, %7) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %8 : tensor<4x8xf32>
}
// CHECK: "tfl.gelu"(%arg0) {approximate = true}
// CHECK-NOT: "tfl.tanh"
// -----
// CASE: another number
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %1 = "tfl.mul"(%x, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = "tfl.mul"(%1, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<0.044715> : tensor<f32>} : () -> tensor<f32>
  %3 = "tfl.mul"(%2, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %4 = "tfl.add"(%x, %3) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<0.8> : tensor<f32>} : () -> tensor<f32>
  %5 = "tfl.mul"(%4, %c2) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %6 = "tfl.tanh"(%5) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %7 = "tfl.add"(%6, %c3) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %8 = "tfl.mul"(%0, %7) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %8 : tensor<4x8xf32>
}
// DECLINES(gelu-of-cube): a constant 0.7978845608 expected
// -----
// CASE: a value inside is a result too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y0"}, tensor<4x8xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %1 = "tfl.mul"(%x, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = "tfl.mul"(%1, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<0.044715> : tensor<f32>} : () -> tensor<f32>
  %3 = "tfl.mul"(%2, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %4 = "tfl.add"(%x, %3) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<0.797884583> : tensor<f32>} : () -> tensor<f32>
  %5 = "tfl.mul"(%4, %c2) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %6 = "tfl.tanh"(%5) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %7 = "tfl.add"(%6, %c3) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %8 = "tfl.mul"(%0, %7) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %8, %6 : tensor<4x8xf32>, tensor<4x8xf32>
}
// DECLINES(gelu-of-cube): a value inside is read by others too
// -----
// CASE: a constant adds a dimension
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<1x4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<1x1x1xf32>} : () -> tensor<1x1x1xf32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<1x1x1xf32>) -> tensor<1x4x8xf32>
  %1 = "tfl.mul"(%x, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = "tfl.mul"(%1, %x) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<0.044715> : tensor<f32>} : () -> tensor<f32>
  %3 = "tfl.mul"(%2, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %4 = "tfl.add"(%x, %3) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<0.797884583> : tensor<f32>} : () -> tensor<f32>
  %5 = "tfl.mul"(%4, %c2) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %6 = "tfl.tanh"(%5) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %7 = "tfl.add"(%6, %c3) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %8 = "tfl.mul"(%0, %7) {fused_activation_function = "NONE"} : (tensor<1x4x8xf32>, tensor<4x8xf32>) -> tensor<1x4x8xf32>
  return %8 : tensor<1x4x8xf32>
}
// DECLINES(gelu-of-cube): a constant spreads the value
