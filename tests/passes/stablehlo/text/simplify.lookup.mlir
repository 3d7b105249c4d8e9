// RUN: litewright opt %s -p simplify
// CASE: rows one after another
func.func @main(%x: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %i = stablehlo.constant dense<[2, 3, 4]> : tensor<3xi64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// CHECK: stablehlo.slice %arg0 [2:5, 0:4]
// CHECK-NEXT: return
// -----
// CASE: every second row
func.func @main(%x: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %i = stablehlo.constant dense<[1, 3, 5]> : tensor<3xi64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// CHECK: stablehlo.slice %arg0 [1:6:2, 0:4]
// CHECK-NEXT: return
// -----
// CASE: one row again and again
func.func @main(%x: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %i = stablehlo.constant dense<2> : tensor<3xi64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// CHECK: %[[S:.+]] = stablehlo.slice %arg0 [2:3, 0:4]
// CHECK: stablehlo.broadcast_in_dim %{{.+}}, dims = [1]
// -----
// CASE: places beyond the end
func.func @main(%x: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %i = stablehlo.constant dense<[4, 5, 6]> : tensor<3xi64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// DECLINES(lookup-in-order): the places are not in order
// -----
// CASE: rows backwards
func.func @main(%x: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %i = stablehlo.constant dense<[4, 3, 2]> : tensor<3xi64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// DECLINES(lookup-in-order): the places are not in order
// -----
// CASE: rows in no order
func.func @main(%x: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %i = stablehlo.constant dense<[0, 1, 3]> : tensor<3xi64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// DECLINES(lookup-in-order): the places are not in order
// -----
// CASE: rows that the input chooses
func.func @main(%x: tensor<6x4xf32>, %i: tensor<3xi64>) -> tensor<3x4xf32> {
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// DECLINES(lookup-in-order): the places depend on inputs
// -----
// CASE: slices that overlap
func.func @main(%x: tensor<6x4xf32>) -> tensor<3x2x4xf32> {
  %i = stablehlo.constant dense<[0, 1, 2]> : tensor<3xi64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1, 2], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 2, 4>}> : (tensor<6x4xf32>, tensor<3xi64>) -> tensor<3x2x4xf32>
  return %0 : tensor<3x2x4xf32>
}
// DECLINES(lookup-in-order): slices overlap
// -----
// CASE: points of a table, turned
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %i = stablehlo.constant dense<[[[0, 1], [1, 1]], [[0, 2], [1, 2]]]> : tensor<2x2x2xi64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 2>, slice_sizes = array<i64: 1, 1>}> : (tensor<2x3xf32>, tensor<2x2x2xi64>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}
// CHECK: %[[S:.+]] = stablehlo.slice %arg0 [0:2, 1:3]
// CHECK-NEXT: stablehlo.transpose %[[S]], dims = [1, 0]
// -----
// CASE: points on a diagonal
func.func @main(%x: tensor<3x3xf32>) -> tensor<3xf32> {
  %i = stablehlo.constant dense<[[0, 0], [1, 1], [2, 2]]> : tensor<3x2xi64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 1>, slice_sizes = array<i64: 1, 1>}> : (tensor<3x3xf32>, tensor<3x2xi64>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
// DECLINES(lookup-in-order): the places are on a diagonal
// -----
// CASE: dimensions gone along together
func.func @main(%x: tensor<3x4xf32>) -> tensor<3xf32> {
  %i = stablehlo.constant dense<[1, 2, 3]> : tensor<3xi64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [1], operand_batching_dims = [0], start_indices_batching_dims = [0], start_index_map = [1], index_vector_dim = 1>, slice_sizes = array<i64: 1, 1>}> : (tensor<3x4xf32>, tensor<3xi64>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
// DECLINES(lookup-in-order): dimensions are gone along together
// -----
// CASE: no row
func.func @main(%x: tensor<6x4xf32>) -> tensor<0x4xf32> {
  %i = stablehlo.constant dense<0> : tensor<0xi64>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<0xi64>) -> tensor<0x4xf32>
  return %0 : tensor<0x4xf32>
}
// DECLINES(lookup-in-order): the shape is not known, or there are no elements
// -----
// CASE: the first rows of an embedding become a weight
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<6x4xf32> {litewright.weight = "w"}) -> (tensor<1x3x4xf32> {litewright.name = "y"}) {
  %i = stablehlo.constant dense<[[0, 1, 2]]> : tensor<1x3xi64>
  %0 = stablehlo.composite "aten.embedding" %w, %i {decomposition = @rows} : (tensor<6x4xf32>, tensor<1x3xi64>) -> tensor<1x3x4xf32>
  return %0 : tensor<1x3x4xf32>
}
func.func private @rows(%w: tensor<6x4xf32>, %i: tensor<1x3xi64>) -> tensor<1x3x4xf32> {
  %0 = "stablehlo.gather"(%w, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<1x3xi64>) -> tensor<1x3x4xf32>
  return %0 : tensor<1x3x4xf32>
}
// CHECK: %[[S:.+]] = stablehlo.slice %arg1 [0:3, 0:4]
// CHECK-NEXT: stablehlo.reshape %[[S]]
// CHECK-NOT: @rows
// -----
// CASE: any rows of a table of zeros
func.func @main(%i: tensor<3xi64>) -> tensor<3x4xf32> {
  %x = stablehlo.constant dense<0.0> : tensor<6x4xf32>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// CHECK: %[[Z:.+]] = stablehlo.constant dense<0.000000e+00> : tensor<3x4xf32>
// CHECK-NEXT: return %[[Z]]
// -----
// CASE: any slice of a table of zeros
func.func @main(%i: tensor<i32>) -> tensor<3xi32> {
  %x = stablehlo.constant dense<7> : tensor<6xi32>
  %0 = stablehlo.dynamic_slice %x, %i, sizes = [3] : (tensor<6xi32>, tensor<i32>) -> tensor<3xi32>
  return %0 : tensor<3xi32>
}
// CHECK: %[[Z:.+]] = stablehlo.constant dense<7> : tensor<3xi32>
// CHECK-NEXT: return %[[Z]]
// -----
// CASE: rows of a table of zeros, as many as there are
func.func @main(%i: tensor<?xi64>) -> tensor<?x4xf32> {
  %x = stablehlo.constant dense<0.0> : tensor<6x4xf32>
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
// DECLINES(lookup-in-splat): the shape of the result is not known
// -----
// CASE: a table of the input
func.func @main(%x: tensor<6x4xf32>, %i: tensor<3xi64>) -> tensor<3x4xf32> {
  %0 = "stablehlo.gather"(%x, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}> : (tensor<6x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// DECLINES(lookup-in-splat): the table does not hold one number alone
