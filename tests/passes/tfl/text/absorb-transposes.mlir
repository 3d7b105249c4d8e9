// RUN: litewright opt %s -p absorb-transposes
// CASE: a transposed right operand is read transposed
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %y: tensor<2x5x4xf32> {litewright.name = "y"}) -> (tensor<2x3x5xf32> {litewright.name = "z"}) {
  %p = "tfl.pseudo_const"() {value = dense<[0, 2, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.transpose"(%y, %p) : (tensor<2x5x4xf32>, tensor<3xi32>) -> tensor<2x4x5xf32>
  %1 = "tfl.batch_matmul"(%x, %0) {adj_x = false, adj_y = false, asymmetric_quantize_inputs = false} : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  return %1 : tensor<2x3x5xf32>
}
// CHECK: %[[R:.+]] = "tfl.batch_matmul"(%arg0, %arg1) {adj_x = false, adj_y = true
// CHECK-NEXT: return %[[R]]
// -----
// CASE: nothing is transposed
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %y: tensor<2x4x5xf32> {litewright.name = "y"}) -> (tensor<2x3x5xf32> {litewright.name = "z"}) {
  %1 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false, asymmetric_quantize_inputs = false} : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  return %1 : tensor<2x3x5xf32>
}
// DECLINES(transposed-right-operand): the right operand is no TRANSPOSE
// -----
// CASE: rows and columns stay where they are
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %y: tensor<4x2x5xf32> {litewright.name = "y"}) -> (tensor<2x3x5xf32> {litewright.name = "z"}) {
  %p = "tfl.pseudo_const"() {value = dense<[1, 0, 2]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.transpose"(%y, %p) : (tensor<4x2x5xf32>, tensor<3xi32>) -> tensor<2x4x5xf32>
  %1 = "tfl.batch_matmul"(%x, %0) {adj_x = false, adj_y = false, asymmetric_quantize_inputs = false} : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  return %1 : tensor<2x3x5xf32>
}
// DECLINES(transposed-right-operand): the transpose moves more than the last two dimensions
