// RUN: litewright opt %s -p simplify
// CASE: a slice of a broadcast
func.func @main(%x: tensor<4x1xf32>) -> tensor<2x2x3xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [0, 2] : (tensor<4x1xf32>) -> tensor<4x3x5xf32>
  %1 = stablehlo.slice %0 [1:4:2, 0:2, 2:5] : (tensor<4x3x5xf32>) -> tensor<2x2x3xf32>
  return %1 : tensor<2x2x3xf32>
}
// CHECK: %[[S:.+]] = stablehlo.slice %arg0 [1:4:2, 0:1]
// CHECK-NEXT: stablehlo.broadcast_in_dim %[[S]], dims = [0, 2]
// CHECK-NEXT: return
// -----
// CASE: a slice of a broadcast of what has no known shape
func.func @main(%x: tensor<?xf32>) -> tensor<1x3xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<?xf32>) -> tensor<2x3xf32>
  %1 = stablehlo.slice %0 [0:1, 0:3] : (tensor<2x3xf32>) -> tensor<1x3xf32>
  return %1 : tensor<1x3xf32>
}
// DECLINES(slice-of-broadcast): the shape is not known
// -----
// CASE: a transpose of a broadcast
func.func @main(%x: tensor<4x3xf32>) -> tensor<5x4x3xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [0, 2] : (tensor<4x3xf32>) -> tensor<4x5x3xf32>
  %1 = stablehlo.transpose %0, dims = [1, 0, 2] : (tensor<4x5x3xf32>) -> tensor<5x4x3xf32>
  return %1 : tensor<5x4x3xf32>
}
// CHECK: stablehlo.broadcast_in_dim %arg0, dims = [1, 2]
// CHECK-NEXT: return
// -----
// CASE: a transpose of a broadcast that turns what is broadcast
func.func @main(%x: tensor<4x3xf32>) -> tensor<3x5x4xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [0, 2] : (tensor<4x3xf32>) -> tensor<4x5x3xf32>
  %1 = stablehlo.transpose %0, dims = [2, 1, 0] : (tensor<4x5x3xf32>) -> tensor<3x5x4xf32>
  return %1 : tensor<3x5x4xf32>
}
// CHECK: %[[T:.+]] = stablehlo.transpose %arg0, dims = [1, 0]
// CHECK-NEXT: stablehlo.broadcast_in_dim %[[T]], dims = [0, 2]
// CHECK-NEXT: return
// -----
// CASE: a transpose of an input
func.func @main(%x: tensor<4x3xf32>) -> tensor<3x4xf32> {
  %1 = stablehlo.transpose %x, dims = [1, 0] : (tensor<4x3xf32>) -> tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}
// DECLINES(transpose-of-broadcast): the operand is no broadcast
// -----
// CASE: a reshape of a broadcast that adds a dimension of size 1
func.func @main(%x: tensor<1x3xf32>) -> tensor<4x1x3xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [0, 1] : (tensor<1x3xf32>) -> tensor<4x3xf32>
  %1 = stablehlo.reshape %0 : (tensor<4x3xf32>) -> tensor<4x1x3xf32>
  return %1 : tensor<4x1x3xf32>
}
// CHECK: %[[R:.+]] = stablehlo.reshape %arg0 : (tensor<1x3xf32>) -> tensor<3xf32>
// CHECK-NEXT: stablehlo.broadcast_in_dim %[[R]], dims = [2]
// CHECK-NEXT: return
// -----
// CASE: a reshape of a broadcast that merges dimensions
func.func @main(%x: tensor<1x3xf32>) -> tensor<12xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [0, 1] : (tensor<1x3xf32>) -> tensor<4x3xf32>
  %1 = stablehlo.reshape %0 : (tensor<4x3xf32>) -> tensor<12xf32>
  return %1 : tensor<12xf32>
}
// DECLINES(reshape-of-broadcast): dimensions are merged or split
// -----
// CASE: a reshape of an input
func.func @main(%x: tensor<4x3xf32>) -> tensor<12xf32> {
  %1 = stablehlo.reshape %x : (tensor<4x3xf32>) -> tensor<12xf32>
  return %1 : tensor<12xf32>
}
// DECLINES(reshape-of-broadcast): the operand is no broadcast
// -----
// CASE: a function of a broadcast
func.func @main(%x: tensor<4xf32>) -> tensor<3x4xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<4xf32>) -> tensor<3x4xf32>
  %1 = stablehlo.tanh %0 : tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}
// CHECK: %[[R:.+]] = stablehlo.reshape %arg0 : (tensor<4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %[[T:.+]] = stablehlo.tanh %[[R]] : tensor<1x4xf32>
// CHECK-NEXT: stablehlo.broadcast_in_dim %[[T]], dims = [0, 1]
// -----
// CASE: broadcasts along two of three dimensions and a number
func.func @main(%x: tensor<4xf32>, %y: tensor<3x1xf32>) -> tensor<2x3x4xf32> {
  %n = stablehlo.constant dense<0.5> : tensor<2x3x4xf32>
  %a = stablehlo.broadcast_in_dim %x, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %b = stablehlo.broadcast_in_dim %y, dims = [1, 2] : (tensor<3x1xf32>) -> tensor<2x3x4xf32>
  %p = stablehlo.compare LT, %n, %b : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xi1>
  %0 = stablehlo.select %p, %a, %n : tensor<2x3x4xi1>, tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}
// CHECK: %{{.+}} = stablehlo.select %{{.+}} : tensor<1x3x4xi1>, tensor<1x3x4xf32>
// -----
// CASE: broadcasts that together vary along all dimensions
func.func @main(%x: tensor<4xf32>, %y: tensor<3xf32>) -> tensor<3x4xf32> {
  %a = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<4xf32>) -> tensor<3x4xf32>
  %b = stablehlo.broadcast_in_dim %y, dims = [0] : (tensor<3xf32>) -> tensor<3x4xf32>
  %0 = stablehlo.multiply %a, %b : tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// DECLINES(work-on-broadcast): no element is there more than once
// -----
// CASE: a broadcast and an input
func.func @main(%x: tensor<3x4xf32>, %y: tensor<3xf32>) -> tensor<3x4xf32> {
  %b = stablehlo.broadcast_in_dim %y, dims = [0] : (tensor<3xf32>) -> tensor<3x4xf32>
  %0 = stablehlo.multiply %x, %b : tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
// DECLINES(work-on-broadcast): an operand is no broadcast
// -----
// CASE: work on numbers alone
func.func @main(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %a = stablehlo.constant dense<2.0> : tensor<3x4xf32>
  %b = stablehlo.constant dense<3.0> : tensor<3x4xf32>
  %0 = stablehlo.divide %a, %b : tensor<3x4xf32>
  %1 = stablehlo.multiply %x, %0 : tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}
// DECLINES(work-on-broadcast): it works on constants alone
// -----
// CASE: work on one truth
func.func @main(%p: tensor<i1>, %x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {
  %0 = stablehlo.select %p, %x, %y : tensor<i1>, tensor<3xf32>
  return %0 : tensor<3xf32>
}
// DECLINES(work-on-broadcast): operands have another shape than the result, or one that is not known
