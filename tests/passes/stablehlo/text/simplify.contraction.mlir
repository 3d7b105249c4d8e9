// RUN: litewright opt %s -p simplify
// CASE: a product with a transposed matrix
func.func @main(%x: tensor<2x3xf32>, %y: tensor<4x3xf32>) -> tensor<2x4xf32> {
  %t = stablehlo.transpose %y, dims = [1, 0] : (tensor<4x3xf32>) -> tensor<3x4xf32>
  %0 = stablehlo.dot_general %x, %t, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
// CHECK: stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [1]
// CHECK-NEXT: return
// -----
// CASE: products with transposed matrices
func.func @main(%x: tensor<5x2x3xf32>, %y: tensor<5x4x3xf32>) -> tensor<5x2x4xf32> {
  %t = stablehlo.transpose %y, dims = [0, 2, 1] : (tensor<5x4x3xf32>) -> tensor<5x3x4xf32>
  %0 = stablehlo.dot_general %x, %t, batching_dims = [0] x [0], contracting_dims = [2] x [1] : (tensor<5x2x3xf32>, tensor<5x3x4xf32>) -> tensor<5x2x4xf32>
  return %0 : tensor<5x2x4xf32>
}
// CHECK: stablehlo.dot_general %arg0, %arg1, batching_dims = [0] x [0], contracting_dims = [2] x [2]
// CHECK-NEXT: return
// -----
// CASE: products with a batch that is transposed
func.func @main(%x: tensor<5x2x3xf32>, %y: tensor<4x5x3xf32>) -> tensor<5x2x4xf32> {
  %t = stablehlo.transpose %y, dims = [1, 2, 0] : (tensor<4x5x3xf32>) -> tensor<5x3x4xf32>
  %0 = stablehlo.dot_general %x, %t, batching_dims = [0] x [0], contracting_dims = [2] x [1] : (tensor<5x2x3xf32>, tensor<5x3x4xf32>) -> tensor<5x2x4xf32>
  return %0 : tensor<5x2x4xf32>
}
// DECLINES(transposed-matrix): batches are transposed too
// -----
// CASE: a product with what is left in another order
func.func @main(%x: tensor<2x3xf32>, %y: tensor<3x4x5xf32>) -> tensor<2x5x4xf32> {
  %t = stablehlo.transpose %y, dims = [0, 2, 1] : (tensor<3x4x5xf32>) -> tensor<3x5x4xf32>
  %0 = stablehlo.dot_general %x, %t, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x5x4xf32>) -> tensor<2x5x4xf32>
  return %0 : tensor<2x5x4xf32>
}
// DECLINES(transposed-matrix): what is left of the right operand would be in another order
// -----
// CASE: a product
func.func @main(%x: tensor<2x3xf32>, %y: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
// DECLINES(transposed-matrix): the right operand is not transposed
// DECLINES(outer-product): products are added up
// -----
// CASE: a product of integers into a wider type
func.func @main(%x: tensor<2x1xi8>, %y: tensor<1x4xi8>) -> tensor<2x4xi32> {
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<2x1xi8>, tensor<1x4xi8>) -> tensor<2x4xi32>
  return %0 : tensor<2x4xi32>
}
// DECLINES(outer-product): the result has another type
// -----
// CASE: outer products
func.func @main(%x: tensor<5x1x2xf32>, %y: tensor<3x5x1xf32>) -> tensor<5x2x3xf32> {
  %0 = stablehlo.dot_general %x, %y, batching_dims = [0] x [1], contracting_dims = [1] x [2] : (tensor<5x1x2xf32>, tensor<3x5x1xf32>) -> tensor<5x2x3xf32>
  return %0 : tensor<5x2x3xf32>
}
// CHECK-NOT: stablehlo.dot_general
// CHECK: stablehlo.multiply %{{.+}}, %{{.+}} : tensor<5x2x3xf32>
// -----
// CASE: zeros around what a convolution reads
func.func @main(%x: tensor<1x6x7x2xf32>, %w: tensor<2x3x2x3xf32>) -> tensor<1x7x4x3xf32> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %p = stablehlo.pad %x, %z, low = [0, 1, 2, 0], high = [0, 0, 1, 0], interior = [0, 0, 0, 0] : (tensor<1x6x7x2xf32>, tensor<f32>) -> tensor<1x7x10x2xf32>
  %0 = stablehlo.convolution(%p, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 2], pad = [[0, 1], [-1, 0]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x7x10x2xf32>, tensor<2x3x2x3xf32>) -> tensor<1x7x4x3xf32>
  return %0 : tensor<1x7x4x3xf32>
}
// CHECK: stablehlo.convolution(%arg0, %arg1)
// CHECK-SAME: pad = {{\[\[}}1, 1], [1, 1]]
// -----
// CASE: ones around what a convolution reads
func.func @main(%x: tensor<1x6x7x2xf32>, %w: tensor<2x3x2x3xf32>) -> tensor<1x7x4x3xf32> {
  %z = stablehlo.constant dense<1.0> : tensor<f32>
  %p = stablehlo.pad %x, %z, low = [0, 1, 2, 0], high = [0, 0, 1, 0], interior = [0, 0, 0, 0] : (tensor<1x6x7x2xf32>, tensor<f32>) -> tensor<1x7x10x2xf32>
  %0 = stablehlo.convolution(%p, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 2], pad = [[0, 1], [-1, 0]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x7x10x2xf32>, tensor<2x3x2x3xf32>) -> tensor<1x7x4x3xf32>
  return %0 : tensor<1x7x4x3xf32>
}
// DECLINES(padded-convolution): it is padded with something other than zeros around it
// -----
// CASE: images that are added
func.func @main(%x: tensor<1x6x7x2xf32>, %w: tensor<2x3x2x3xf32>) -> tensor<2x7x4x3xf32> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %p = stablehlo.pad %x, %z, low = [0, 1, 2, 0], high = [1, 0, 1, 0], interior = [0, 0, 0, 0] : (tensor<1x6x7x2xf32>, tensor<f32>) -> tensor<2x7x10x2xf32>
  %0 = stablehlo.convolution(%p, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 2], pad = [[0, 1], [-1, 0]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x7x10x2xf32>, tensor<2x3x2x3xf32>) -> tensor<2x7x4x3xf32>
  return %0 : tensor<2x7x4x3xf32>
}
// DECLINES(padded-convolution): images or channels are added
// -----
// CASE: a convolution that cuts its input
func.func @main(%x: tensor<1x6x7x2xf32>, %w: tensor<2x3x2x3xf32>) -> tensor<1x7x2x3xf32> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %p = stablehlo.pad %x, %z, low = [0, 0, 0, 0], high = [0, 1, 0, 0], interior = [0, 0, 0, 0] : (tensor<1x6x7x2xf32>, tensor<f32>) -> tensor<1x7x7x2xf32>
  %0 = stablehlo.convolution(%p, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 2], pad = [[0, 1], [-1, 0]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x7x7x2xf32>, tensor<2x3x2x3xf32>) -> tensor<1x7x2x3xf32>
  return %0 : tensor<1x7x2x3xf32>
}
// DECLINES(padded-convolution): it would be cut
// -----
// CASE: a convolution that spreads its input
func.func @main(%x: tensor<1x6x7x2xf32>, %w: tensor<2x3x2x3xf32>) -> tensor<1x13x4x3xf32> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %p = stablehlo.pad %x, %z, low = [0, 1, 2, 0], high = [0, 0, 1, 0], interior = [0, 0, 0, 0] : (tensor<1x6x7x2xf32>, tensor<f32>) -> tensor<1x7x10x2xf32>
  %0 = stablehlo.convolution(%p, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 2], pad = [[0, 1], [-1, 0]], lhs_dilate = [2, 1]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x7x10x2xf32>, tensor<2x3x2x3xf32>) -> tensor<1x13x4x3xf32>
  return %0 : tensor<1x13x4x3xf32>
}
// DECLINES(padded-convolution): the convolution spreads its input
// -----
// CASE: a convolution of an input
func.func @main(%x: tensor<1x6x7x2xf32>, %w: tensor<2x3x2x3xf32>) -> tensor<1x5x5x3xf32> {
  %0 = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x6x7x2xf32>, tensor<2x3x2x3xf32>) -> tensor<1x5x5x3xf32>
  return %0 : tensor<1x5x5x3xf32>
}
// DECLINES(padded-convolution): the operand is not padded
// -----
// CASE: add over dimensions of size 1
func.func @main(%x: tensor<1x3x1xf32>) -> (tensor<3xf32>) {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0, 2] : (tensor<1x3x1xf32>, tensor<f32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
// CHECK: stablehlo.reshape %arg0 : (tensor<1x3x1xf32>) -> tensor<3xf32>
// -----
// CASE: maximum over dimensions of size 1
func.func @main(%x: tensor<1x3x1xf32>) -> (tensor<3xf32>) {
  %z = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.maximum across dimensions = [0, 2] : (tensor<1x3x1xf32>, tensor<f32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
// CHECK: stablehlo.reshape %arg0 : (tensor<1x3x1xf32>) -> tensor<3xf32>
// -----
// CASE: minimum over dimensions of size 1
func.func @main(%x: tensor<1x3x1xi32>) -> (tensor<3xi32>) {
  %z = stablehlo.constant dense<2147483647> : tensor<i32>
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.minimum across dimensions = [0, 2] : (tensor<1x3x1xi32>, tensor<i32>) -> tensor<3xi32>
  return %0 : tensor<3xi32>
}
// CHECK: stablehlo.reshape %arg0 : (tensor<1x3x1xi32>) -> tensor<3xi32>
// -----
// CASE: or over dimensions of size 1
func.func @main(%x: tensor<1x3x1xi1>) -> (tensor<3xi1>) {
  %z = stablehlo.constant dense<false> : tensor<i1>
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.or across dimensions = [0, 2] : (tensor<1x3x1xi1>, tensor<i1>) -> tensor<3xi1>
  return %0 : tensor<3xi1>
}
// CHECK: stablehlo.reshape %arg0 : (tensor<1x3x1xi1>) -> tensor<3xi1>
// -----
// CASE: a sum that starts from a number
func.func @main(%x: tensor<1x3xf32>) -> (tensor<3xf32>) {
  %z = stablehlo.constant dense<1.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0] : (tensor<1x3xf32>, tensor<f32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
// DECLINES(reduction-of-ones): it does not start from a neutral number
// -----
// CASE: a sum
func.func @main(%x: tensor<2x3xf32>) -> (tensor<3xf32>) {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [0] : (tensor<2x3xf32>, tensor<f32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
// DECLINES(reduction-of-ones): several elements are reduced to one
// DECLINES(merged-reduction): the operand is no reduction
// -----
// CASE: a sum of sums
func.func @main(%x: tensor<2x3x4x5xf32>) -> (tensor<4xf32>) {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [1] : (tensor<2x3x4x5xf32>, tensor<f32>) -> tensor<2x4x5xf32>
  %1 = stablehlo.reduce(%0 init: %z) applies stablehlo.add across dimensions = [0, 2] : (tensor<2x4x5xf32>, tensor<f32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
// CHECK: stablehlo.reduce(%arg0 init: %cst) applies stablehlo.add across dimensions = [0, 1, 3]
// CHECK-NEXT: return
// -----
// CASE: the largest sum
func.func @main(%x: tensor<2x3x4xf32>) -> (tensor<4xf32>) {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [1] : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %1 = stablehlo.reduce(%0 init: %z) applies stablehlo.maximum across dimensions = [0] : (tensor<2x4xf32>, tensor<f32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
// DECLINES(merged-reduction): the two fold with different ops, or start from some number
// -----
// CASE: a sum of sums that are read elsewhere too
func.func @main(%x: tensor<2x3x4xf32>) -> (tensor<2x4xf32>, tensor<4xf32>) {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [1] : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %1 = stablehlo.reduce(%0 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<2x4xf32>, tensor<f32>) -> tensor<4xf32>
  return %0, %1 : tensor<2x4xf32>, tensor<4xf32>
}
// DECLINES(merged-reduction): the inner result is read elsewhere too, or the outer one starts from some number
