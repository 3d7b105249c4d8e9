// RUN: litewright opt %s -p absorb-repeats
// CASE: grouped queries
func.func @main(%q: tensor<1x6x3x4xf32> {litewright.name = "q"}, %k: tensor<1x2x5x4xf32> {litewright.name = "k"}) -> (tensor<1x6x3x5xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 2, 1, 5, 4]> : tensor<5xi32>} : () -> tensor<5xi32>
  %0 = "tfl.reshape"(%k, %c0) : (tensor<1x2x5x4xf32>, tensor<5xi32>) -> tensor<1x2x1x5x4xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 5, 4]> : tensor<5xi32>} : () -> tensor<5xi32>
  %1 = "tfl.broadcast_to"(%0, %c1) : (tensor<1x2x1x5x4xf32>, tensor<5xi32>) -> tensor<1x2x3x5x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 6, 5, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.reshape"(%1, %c2) : (tensor<1x2x3x5x4xf32>, tensor<4xi32>) -> tensor<1x6x5x4xf32>
  %3 = "tfl.batch_matmul"(%q, %2) {adj_x = false, adj_y = true} : (tensor<1x6x3x4xf32>, tensor<1x6x5x4xf32>) -> tensor<1x6x3x5xf32>
  return %3 : tensor<1x6x3x5xf32>
}
// CHECK-NOT: "tfl.broadcast_to"
// CHECK: "tfl.batch_matmul"{{.*}} -> tensor<1x2x9x5xf32>
// CHECK: "tfl.reshape"{{.*}} -> tensor<1x6x3x5xf32>
// -----
// CASE: one head for all queries, of two batches
func.func @main(%q: tensor<2x6x3x4xf32> {litewright.name = "q"}, %k: tensor<2x1x4x5xf32> {litewright.name = "k"}) -> (tensor<2x6x3x5xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[2, 6, 4, 5]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.broadcast_to"(%k, %c0) : (tensor<2x1x4x5xf32>, tensor<4xi32>) -> tensor<2x6x4x5xf32>
  %1 = "tfl.batch_matmul"(%q, %0) {adj_x = false, adj_y = false} : (tensor<2x6x3x4xf32>, tensor<2x6x4x5xf32>) -> tensor<2x6x3x5xf32>
  return %1 : tensor<2x6x3x5xf32>
}
// CHECK-NOT: "tfl.broadcast_to"
// CHECK: "tfl.batch_matmul"{{.*}} -> tensor<2x1x18x5xf32>
// -----
// CASE: a matrix for all
func.func @main(%q: tensor<1x6x3x4xf32> {litewright.name = "q"}, %k: tensor<5x4xf32> {litewright.name = "k"}) -> (tensor<1x6x3x5xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 6, 5, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.broadcast_to"(%k, %c0) : (tensor<5x4xf32>, tensor<4xi32>) -> tensor<1x6x5x4xf32>
  %1 = "tfl.batch_matmul"(%q, %0) {adj_x = false, adj_y = true} : (tensor<1x6x3x4xf32>, tensor<1x6x5x4xf32>) -> tensor<1x6x3x5xf32>
  return %1 : tensor<1x6x3x5xf32>
}
// CHECK-NOT: "tfl.broadcast_to"
// CHECK: "tfl.batch_matmul"{{.*}} -> tensor<1x1x18x5xf32>
// -----
// CASE: as many key heads
func.func @main(%q: tensor<1x6x3x4xf32> {litewright.name = "q"}, %k: tensor<1x6x5x4xf32> {litewright.name = "k"}) -> (tensor<1x6x3x5xf32> {litewright.name = "y"}) {
  %0 = "tfl.batch_matmul"(%q, %k) {adj_x = false, adj_y = true} : (tensor<1x6x3x4xf32>, tensor<1x6x5x4xf32>) -> tensor<1x6x3x5xf32>
  return %0 : tensor<1x6x3x5xf32>
}
// DECLINES(repeated-right-operand): the right operand is not repeated
// -----
// CASE: keys that are spread along another dimension
func.func @main(%q: tensor<1x6x3x4xf32> {litewright.name = "q"}, %k: tensor<1x6x1x4xf32> {litewright.name = "k"}) -> (tensor<1x6x3x5xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 6, 5, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.broadcast_to"(%k, %c0) : (tensor<1x6x1x4xf32>, tensor<4xi32>) -> tensor<1x6x5x4xf32>
  %1 = "tfl.batch_matmul"(%q, %0) {adj_x = false, adj_y = true} : (tensor<1x6x3x4xf32>, tensor<1x6x5x4xf32>) -> tensor<1x6x3x5xf32>
  return %1 : tensor<1x6x3x5xf32>
}
// DECLINES(repeated-right-operand): the right operand is not repeated
// -----
// CASE: a left operand that is read transposed
func.func @main(%q: tensor<1x6x4x3xf32> {litewright.name = "q"}, %k: tensor<1x1x5x4xf32> {litewright.name = "k"}) -> (tensor<1x6x3x5xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 6, 5, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.broadcast_to"(%k, %c0) : (tensor<1x1x5x4xf32>, tensor<4xi32>) -> tensor<1x6x5x4xf32>
  %1 = "tfl.batch_matmul"(%q, %0) {adj_x = true, adj_y = true} : (tensor<1x6x4x3xf32>, tensor<1x6x5x4xf32>) -> tensor<1x6x3x5xf32>
  return %1 : tensor<1x6x3x5xf32>
}
// DECLINES(repeated-right-operand): the left operand is read transposed
// -----
// CASE: a left operand without heads
func.func @main(%q: tensor<3x4xf32> {litewright.name = "q"}, %k: tensor<1x1x5x4xf32> {litewright.name = "k"}) -> (tensor<1x6x3x5xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 6, 5, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.broadcast_to"(%k, %c0) : (tensor<1x1x5x4xf32>, tensor<4xi32>) -> tensor<1x6x5x4xf32>
  %1 = "tfl.batch_matmul"(%q, %0) {adj_x = false, adj_y = true} : (tensor<3x4xf32>, tensor<1x6x5x4xf32>) -> tensor<1x6x3x5xf32>
  return %1 : tensor<1x6x3x5xf32>
}
// DECLINES(repeated-right-operand): the operands are not of as many heads each
