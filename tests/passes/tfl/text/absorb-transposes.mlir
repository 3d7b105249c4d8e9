// RUN: litewright opt %s -p absorb-transposes
// CASE: a right operand whose last two dimensions trade places
func.func @main(%x: tensor<2x4x8xf32> {litewright.name = "x"}, %k: tensor<2x5x8xf32> {litewright.name = "k"}) -> (tensor<2x4x5xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[0, 2, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.transpose"(%k, %p) : (tensor<2x5x8xf32>, tensor<3xi32>) -> tensor<2x8x5xf32>
  %1 = "tfl.batch_matmul"(%x, %0) {adj_x = false, adj_y = false} : (tensor<2x4x8xf32>, tensor<2x8x5xf32>) -> tensor<2x4x5xf32>
  return %1 : tensor<2x4x5xf32>
}
// CHECK: "tfl.batch_matmul"(%arg0, %arg1) {{.*}}adj_y = true
// CHECK-NOT: "tfl.transpose"
// -----
// CASE: a transposed operand that was read transposed
func.func @main(%x: tensor<2x4x8xf32> {litewright.name = "x"}, %k: tensor<2x8x5xf32> {litewright.name = "k"}) -> (tensor<2x4x5xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[0, 2, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.transpose"(%k, %p) : (tensor<2x8x5xf32>, tensor<3xi32>) -> tensor<2x5x8xf32>
  %1 = "tfl.batch_matmul"(%x, %0) {adj_x = false, adj_y = true} : (tensor<2x4x8xf32>, tensor<2x5x8xf32>) -> tensor<2x4x5xf32>
  return %1 : tensor<2x4x5xf32>
}
// CHECK: "tfl.batch_matmul"(%arg0, %arg1) {{.*}}adj_y = false
// -----
// CASE: a left operand, which the delegate would transpose by itself
func.func @main(%x: tensor<2x8x4xf32> {litewright.name = "x"}, %k: tensor<2x8x5xf32> {litewright.name = "k"}) -> (tensor<2x4x5xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[0, 2, 1]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.transpose"(%x, %p) : (tensor<2x8x4xf32>, tensor<3xi32>) -> tensor<2x4x8xf32>
  %1 = "tfl.batch_matmul"(%0, %k) {adj_x = false, adj_y = false} : (tensor<2x4x8xf32>, tensor<2x8x5xf32>) -> tensor<2x4x5xf32>
  return %1 : tensor<2x4x5xf32>
}
// DECLINES(transposed-right-operand): the right operand is no TRANSPOSE
// -----
// CASE: a transpose of batch dimensions
func.func @main(%x: tensor<2x4x8xf32> {litewright.name = "x"}, %k: tensor<8x2x5xf32> {litewright.name = "k"}) -> (tensor<2x4x5xf32> {litewright.name = "y"}) {
  %p = "tfl.pseudo_const"() {value = dense<[1, 0, 2]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.transpose"(%k, %p) : (tensor<8x2x5xf32>, tensor<3xi32>) -> tensor<2x8x5xf32>
  %1 = "tfl.batch_matmul"(%x, %0) {adj_x = false, adj_y = false} : (tensor<2x4x8xf32>, tensor<2x8x5xf32>) -> tensor<2x4x5xf32>
  return %1 : tensor<2x4x5xf32>
}
// DECLINES(transposed-right-operand): the transpose moves more than the last two dimensions
