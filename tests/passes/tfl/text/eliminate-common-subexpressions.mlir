// RUN: litewright opt %s -p eliminate-common-subexpressions
// CASE: equal ops, and those that read them
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<32xf32> {litewright.name = "y"}) {
  %0 = "tfl.gelu"(%x) {approximate = false} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<32> : tensor<1xi32>} : () -> tensor<1xi32>
  %1 = "tfl.reshape"(%0, %c0) : (tensor<4x8xf32>, tensor<1xi32>) -> tensor<32xf32>
  %2 = "tfl.gelu"(%x) {approximate = false} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = "tfl.reshape"(%2, %c0) : (tensor<4x8xf32>, tensor<1xi32>) -> tensor<32xf32>
  %4 = "tfl.add"(%1, %3) {fused_activation_function = "NONE"} : (tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32>
  return %4 : tensor<32xf32>
}
// CHECK: "tfl.gelu"
// CHECK-NOT: "tfl.gelu"
// CHECK: "tfl.reshape"
// CHECK-NOT: "tfl.reshape"
// CHECK: "tfl.add"
// -----
// CASE: other attributes
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.gelu"(%x) {approximate = false} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = "tfl.gelu"(%x) {approximate = true} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = "tfl.add"(%0, %1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}
// UNCHANGED
// -----
// CASE: other operands
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %y: tensor<4x8xf32> {litewright.name = "y"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.gelu"(%x) {approximate = false} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = "tfl.gelu"(%y) {approximate = false} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = "tfl.add"(%0, %1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}
// UNCHANGED
