// RUN: litewright opt %s -p look-up-rows
// CASE: rows at places of one dimension
func.func @main(%i: tensor<5xi32> {litewright.name = "i"}) -> (tensor<5x2xf32> {litewright.name = "y"}) {
  %t = "tfl.pseudo_const"() {value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 0.5]]> : tensor<5x2xf32>} : () -> tensor<5x2xf32>
  %0 = "tfl.gather"(%t, %i) {axis = 0 : i32, batch_dims = 0 : i32} : (tensor<5x2xf32>, tensor<5xi32>) -> tensor<5x2xf32>
  return %0 : tensor<5x2xf32>
}
// CHECK: "tfl.embedding_lookup"(%arg0, %0) : (tensor<5xi32>, tensor<5x2xf32>) -> tensor<5x2xf32>
// CHECK-NOT: "tfl.gather"
// -----
// CASE: places of two dimensions and 64 bits stay outside where they are outside
func.func @main(%i: tensor<2x3xi64> {litewright.name = "i"}) -> (tensor<2x3x1x2xf32> {litewright.name = "y"}) {
  %t = "tfl.pseudo_const"() {value = dense<[[[1.0, 2.0]], [[5.0, 6.0]], [[9.0, 1.0]], [[3.0, 4.0]], [[7.0, 8.0]]]> : tensor<5x1x2xf32>} : () -> tensor<5x1x2xf32>
  %0 = "tfl.gather"(%t, %i) {axis = -3 : i32, batch_dims = 0 : i32} : (tensor<5x1x2xf32>, tensor<2x3xi64>) -> tensor<2x3x1x2xf32>
  return %0 : tensor<2x3x1x2xf32>
}
// CHECK: "tfl.maximum"{{.*}} -> tensor<2x3xi64>
// CHECK: "tfl.minimum"{{.*}} -> tensor<2x3xi64>
// CHECK: "tfl.cast"{{.*}} -> tensor<2x3xi32>
// CHECK: "tfl.embedding_lookup"{{.*}} : (tensor<6xi32>, tensor<5x1x2xf32>) -> tensor<6x1x2xf32>
// CHECK: "tfl.reshape"{{.*}} -> tensor<2x3x1x2xf32>
// -----
// CASE: one place of 16 bits
func.func @main(%i: tensor<i16> {litewright.name = "i"}) -> (tensor<2xf32> {litewright.name = "y"}) {
  %t = "tfl.pseudo_const"() {value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 0.5]]> : tensor<5x2xf32>} : () -> tensor<5x2xf32>
  %0 = "tfl.gather"(%t, %i) {axis = 0 : i32, batch_dims = 0 : i32} : (tensor<5x2xf32>, tensor<i16>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
// CHECK: "tfl.cast"{{.*}} -> tensor<i32>
// CHECK: "tfl.embedding_lookup"
// -----
// CASE: a table that is an input
func.func @main(%t: tensor<5x2xf32> {litewright.name = "t"}, %i: tensor<5xi32> {litewright.name = "i"}) -> (tensor<5x2xf32> {litewright.name = "y"}) {
  %0 = "tfl.gather"(%t, %i) {axis = 0 : i32, batch_dims = 0 : i32} : (tensor<5x2xf32>, tensor<5xi32>) -> tensor<5x2xf32>
  return %0 : tensor<5x2xf32>
}
// DECLINES(rows-of-table): the table is computed at run time
// -----
// CASE: a list of numbers
func.func @main(%i: tensor<5xi32> {litewright.name = "i"}) -> (tensor<5xf32> {litewright.name = "y"}) {
  %t = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<5xf32>} : () -> tensor<5xf32>
  %0 = "tfl.gather"(%t, %i) {axis = 0 : i32, batch_dims = 0 : i32} : (tensor<5xf32>, tensor<5xi32>) -> tensor<5xf32>
  return %0 : tensor<5xf32>
}
// DECLINES(rows-of-table): the table has no rows of 32-bit floats
// -----
// CASE: a table of integers
func.func @main(%i: tensor<2xi32> {litewright.name = "i"}) -> (tensor<2x2xi32> {litewright.name = "y"}) {
  %t = "tfl.pseudo_const"() {value = dense<[[1, 2], [3, 4], [5, 6], [7, 8], [9, 0]]> : tensor<5x2xi32>} : () -> tensor<5x2xi32>
  %0 = "tfl.gather"(%t, %i) {axis = 0 : i32, batch_dims = 0 : i32} : (tensor<5x2xi32>, tensor<2xi32>) -> tensor<2x2xi32>
  return %0 : tensor<2x2xi32>
}
// DECLINES(rows-of-table): the table has no rows of 32-bit floats
// -----
// CASE: columns
func.func @main(%i: tensor<2xi32> {litewright.name = "i"}) -> (tensor<2x2xf32> {litewright.name = "y"}) {
  %t = "tfl.pseudo_const"() {value = dense<[[1.0, 3.0, 5.0, 7.0, 9.0], [2.0, 4.0, 6.0, 8.0, 0.5]]> : tensor<2x5xf32>} : () -> tensor<2x5xf32>
  %0 = "tfl.gather"(%t, %i) {axis = 1 : i32, batch_dims = 0 : i32} : (tensor<2x5xf32>, tensor<2xi32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}
// DECLINES(rows-of-table): what is gathered are no rows
// -----
// CASE: as many places as the caller likes
func.func @main(%i: tensor<?xi32> {litewright.name = "i"}) -> (tensor<?x2xf32> {litewright.name = "y"}) {
  %t = "tfl.pseudo_const"() {value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 0.5]]> : tensor<5x2xf32>} : () -> tensor<5x2xf32>
  %0 = "tfl.gather"(%t, %i) {axis = 0 : i32, batch_dims = 0 : i32} : (tensor<5x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}
// DECLINES(rows-of-table): the places are of unknown number
