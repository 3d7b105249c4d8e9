// RUN: litewright opt %s -p simplify
// CASE: a splat moved by reshape
func.func @main(%x: tensor<6xf32>) -> tensor<6xf32> {
  %c = stablehlo.constant dense<2.5> : tensor<2x3xf32>
  %0 = stablehlo.reshape %c : (tensor<2x3xf32>) -> tensor<6xf32>
  %1 = stablehlo.add %x, %0 : tensor<6xf32>
  return %1 : tensor<6xf32>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<2.500000e+00> : tensor<6xf32>
// CHECK-NEXT: stablehlo.add %arg0, %[[C]]
// -----
// CASE: a splat moved by transpose
func.func @main(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %c = stablehlo.constant dense<2.5> : tensor<2x3xf32>
  %0 = stablehlo.transpose %c, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %1 = stablehlo.add %x, %0 : tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<2.500000e+00> : tensor<3x2xf32>
// CHECK-NEXT: stablehlo.add %arg0, %[[C]]
// -----
// CASE: a splat moved by broadcast_in_dim
func.func @main(%x: tensor<4x2x3xf32>) -> tensor<4x2x3xf32> {
  %c = stablehlo.constant dense<2.5> : tensor<2x3xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [1, 2] : (tensor<2x3xf32>) -> tensor<4x2x3xf32>
  %1 = stablehlo.add %x, %0 : tensor<4x2x3xf32>
  return %1 : tensor<4x2x3xf32>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<2.500000e+00> : tensor<4x2x3xf32>
// CHECK-NEXT: stablehlo.add %arg0, %[[C]]
// -----
// CASE: a splat moved by slice
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %c = stablehlo.constant dense<2.5> : tensor<2x3xf32>
  %0 = stablehlo.slice %c [0:1, 1:3] : (tensor<2x3xf32>) -> tensor<1x2xf32>
  %1 = stablehlo.add %x, %0 : tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<2.500000e+00> : tensor<1x2xf32>
// CHECK-NEXT: stablehlo.add %arg0, %[[C]]
// -----
// CASE: a splat reversed
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<2.5> : tensor<2x3xf32>
  %0 = stablehlo.reverse %c, dims = [1] : tensor<2x3xf32>
  %1 = stablehlo.add %x, %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<2.500000e+00> : tensor<2x3xf32>
// CHECK-NEXT: stablehlo.add %arg0, %[[C]]
// -----
// CASE: equal splats joined
func.func @main(%x: tensor<5xf32>) -> tensor<5xf32> {
  %c = stablehlo.constant dense<2.5> : tensor<2xf32>
  %d = stablehlo.constant dense<2.5> : tensor<3xf32>
  %0 = stablehlo.concatenate %c, %d, dim = 0 : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>
  %1 = stablehlo.add %x, %0 : tensor<5xf32>
  return %1 : tensor<5xf32>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<2.500000e+00> : tensor<5xf32>
// CHECK-NEXT: stablehlo.add %arg0, %[[C]]
// -----
// CASE: splats of both zeros joined
func.func @main(%x: tensor<5xf32>) -> tensor<5xf32> {
  %c = stablehlo.constant dense<0.0> : tensor<2xf32>
  %d = stablehlo.constant dense<-0.0> : tensor<3xf32>
  %0 = stablehlo.concatenate %c, %d, dim = 0 : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>
  %1 = stablehlo.divide %x, %0 : tensor<5xf32>
  return %1 : tensor<5xf32>
}
// DECLINES(moved-splat): the splats differ
// DECLINES(concatenation-of-slices): no part goes on where another ends
// -----
// CASE: a moved input
func.func @main(%x: tensor<2x3xf32>) -> tensor<6xf32> {
  %0 = stablehlo.reshape %x : (tensor<2x3xf32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}
// DECLINES(moved-splat): an operand is no splat
// DECLINES(merged-reshape): the operand is no reshape
// -----
// CASE: movement of a shape that is not known
func.func @main(%x: tensor<?x3xf32>) -> tensor<3x?xf32> {
  %0 = stablehlo.transpose %x, dims = [1, 0] : (tensor<?x3xf32>) -> tensor<3x?xf32>
  return %0 : tensor<3x?xf32>
}
// DECLINES(moved-splat): the shape is not known
// DECLINES(transpose-of-ones): the shape is not known
// -----
// CASE: two reshapes become one
func.func @main(%x: tensor<2x6xf32>) -> tensor<12xf32> {
  %0 = stablehlo.reshape %x : (tensor<2x6xf32>) -> tensor<3x4xf32>
  %1 = stablehlo.reshape %0 : (tensor<3x4xf32>) -> tensor<12xf32>
  return %1 : tensor<12xf32>
}
// CHECK: %[[R:.+]] = stablehlo.reshape %arg0 : (tensor<2x6xf32>) -> tensor<12xf32>
// CHECK-NEXT: return %[[R]]
// -----
// CASE: reshapes there and back
func.func @main(%x: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %0 = stablehlo.reshape %x : (tensor<2x6xf32>) -> tensor<3x4xf32>
  %1 = stablehlo.reshape %0 : (tensor<3x4xf32>) -> tensor<2x6xf32>
  %2 = stablehlo.tanh %1 : tensor<2x6xf32>
  return %2 : tensor<2x6xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: the first of two reshapes is read elsewhere
func.func @main(%x: tensor<2x6xf32>) -> (tensor<3x4xf32>, tensor<12xf32>) {
  %0 = stablehlo.reshape %x : (tensor<2x6xf32>) -> tensor<3x4xf32>
  %1 = stablehlo.reshape %0 : (tensor<3x4xf32>) -> tensor<12xf32>
  return %0, %1 : tensor<3x4xf32>, tensor<12xf32>
}
// CHECK-COUNT-2: stablehlo.reshape %arg0
// -----
// CASE: two transposes become one
func.func @main(%x: tensor<2x3x4xf32>) -> tensor<4x3x2xf32> {
  %0 = stablehlo.transpose %x, dims = [1, 2, 0] : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %1 = stablehlo.transpose %0, dims = [1, 0, 2] : (tensor<3x4x2xf32>) -> tensor<4x3x2xf32>
  return %1 : tensor<4x3x2xf32>
}
// CHECK: stablehlo.transpose %arg0, dims = [2, 1, 0]
// CHECK-NEXT: return
// -----
// CASE: transposes there and back
func.func @main(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %0 = stablehlo.transpose %x, dims = [1, 2, 0] : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %1 = stablehlo.transpose %0, dims = [2, 0, 1] : (tensor<3x4x2xf32>) -> tensor<2x3x4xf32>
  %2 = stablehlo.tanh %1 : tensor<2x3x4xf32>
  return %2 : tensor<2x3x4xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: a transpose that leaves all in place
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.transpose %x, dims = [0, 1] : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = stablehlo.tanh %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: a transpose that moves dimensions of size 1 alone
func.func @main(%x: tensor<4x1x8xf32>) -> tensor<1x4x8xf32> {
  %0 = stablehlo.transpose %x, dims = [1, 0, 2] : (tensor<4x1x8xf32>) -> tensor<1x4x8xf32>
  return %0 : tensor<1x4x8xf32>
}
// CHECK: stablehlo.reshape %arg0 : (tensor<4x1x8xf32>) -> tensor<1x4x8xf32>
// -----
// CASE: a transpose
func.func @main(%x: tensor<4x1x8xf32>) -> tensor<8x1x4xf32> {
  %0 = stablehlo.transpose %x, dims = [2, 1, 0] : (tensor<4x1x8xf32>) -> tensor<8x1x4xf32>
  return %0 : tensor<8x1x4xf32>
}
// DECLINES(merged-transpose): the operand is no transpose
// DECLINES(transpose-of-ones): dimensions larger than 1 trade places
// -----
// CASE: two broadcasts become one
func.func @main(%x: tensor<3xf32>) -> tensor<2x4x3xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<3xf32>) -> tensor<2x3xf32>
  %1 = stablehlo.broadcast_in_dim %0, dims = [0, 2] : (tensor<2x3xf32>) -> tensor<2x4x3xf32>
  return %1 : tensor<2x4x3xf32>
}
// CHECK: stablehlo.broadcast_in_dim %arg0, dims = [2] : (tensor<3xf32>) -> tensor<2x4x3xf32>
// CHECK-NEXT: return
// -----
// CASE: a broadcast that repeats nothing
func.func @main(%x: tensor<3x2xf32>) -> tensor<1x3x2xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [1, 2] : (tensor<3x2xf32>) -> tensor<1x3x2xf32>
  return %0 : tensor<1x3x2xf32>
}
// CHECK: stablehlo.reshape %arg0 : (tensor<3x2xf32>) -> tensor<1x3x2xf32>
// -----
// CASE: a broadcast that moves dimensions
func.func @main(%x: tensor<3x2xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [1, 0] : (tensor<3x2xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(merged-broadcast): it repeats elements, and the operand is no broadcast
// -----
// CASE: a broadcast
func.func @main(%x: tensor<3xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(merged-broadcast): it repeats elements, and the operand is no broadcast
// -----
// CASE: a broadcast of a shape that is not known
func.func @main(%x: tensor<?xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<?xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(merged-broadcast): the shape is not known
// -----
// CASE: a slice of all
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.slice %x [0:2, 0:3] : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = stablehlo.tanh %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: a slice of a slice
func.func @main(%x: tensor<8x9xf32>) -> tensor<3x3xf32> {
  %0 = stablehlo.slice %x [1:7, 2:9] : (tensor<8x9xf32>) -> tensor<6x7xf32>
  %1 = stablehlo.slice %0 [0:6:2, 3:6] : (tensor<6x7xf32>) -> tensor<3x3xf32>
  return %1 : tensor<3x3xf32>
}
// CHECK: stablehlo.slice %arg0 [1:7:2, 5:8] : (tensor<8x9xf32>) -> tensor<3x3xf32>
// CHECK-NEXT: return
// -----
// CASE: a slice of a slice with strides
func.func @main(%x: tensor<8xf32>) -> tensor<2xf32> {
  %0 = stablehlo.slice %x [0:8:2] : (tensor<8xf32>) -> tensor<4xf32>
  %1 = stablehlo.slice %0 [1:3] : (tensor<4xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
// DECLINES(merged-slice): the inner slice has strides
// -----
// CASE: a slice
func.func @main(%x: tensor<8xf32>) -> tensor<2xf32> {
  %0 = stablehlo.slice %x [1:3] : (tensor<8xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
// DECLINES(whole-slice): it cuts something off
// DECLINES(merged-slice): the operand is no slice
// DECLINES(slice-of-concatenation): the operand is no concatenation
// -----
// CASE: a slice of one part of a concatenation
func.func @main(%x: tensor<2x3xf32>, %y: tensor<2x5xf32>) -> tensor<1x3xf32> {
  %0 = stablehlo.concatenate %x, %y, dim = 1 : (tensor<2x3xf32>, tensor<2x5xf32>) -> tensor<2x8xf32>
  %1 = stablehlo.slice %0 [0:1, 4:7] : (tensor<2x8xf32>) -> tensor<1x3xf32>
  return %1 : tensor<1x3xf32>
}
// CHECK: stablehlo.slice %arg1 [0:1, 1:4] : (tensor<2x5xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: return
// -----
// CASE: slices that are the parts of a concatenation
func.func @main(%x: tensor<2x3xf32>, %y: tensor<2x5xf32>) -> (tensor<2x3xf32>, tensor<2x5xf32>) {
  %0 = stablehlo.concatenate %x, %y, dim = 1 : (tensor<2x3xf32>, tensor<2x5xf32>) -> tensor<2x8xf32>
  %1 = stablehlo.slice %0 [0:2, 0:3] : (tensor<2x8xf32>) -> tensor<2x3xf32>
  %2 = stablehlo.slice %0 [0:2, 3:8] : (tensor<2x8xf32>) -> tensor<2x5xf32>
  return %1, %2 : tensor<2x3xf32>, tensor<2x5xf32>
}
// CHECK: func.func
// CHECK-NEXT: return %arg0, %arg1
// -----
// CASE: a slice over the border of two parts
func.func @main(%x: tensor<2x3xf32>, %y: tensor<2x5xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.concatenate %x, %y, dim = 1 : (tensor<2x3xf32>, tensor<2x5xf32>) -> tensor<2x8xf32>
  %1 = stablehlo.slice %0 [0:2, 2:5] : (tensor<2x8xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// DECLINES(slice-of-concatenation): it takes from more than one part
// -----
// CASE: slices put together again
func.func @main(%x: tensor<2x8xf32>, %y: tensor<2x1xf32>) -> tensor<2x8xf32> {
  %0 = stablehlo.slice %x [0:2, 0:3] : (tensor<2x8xf32>) -> tensor<2x3xf32>
  %1 = stablehlo.slice %x [0:2, 3:7] : (tensor<2x8xf32>) -> tensor<2x4xf32>
  %2 = stablehlo.concatenate %y, %0, %1, dim = 1 : (tensor<2x1xf32>, tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  return %2 : tensor<2x8xf32>
}
// CHECK: %[[S:.+]] = stablehlo.slice %arg0 [0:2, 0:7]
// CHECK-NEXT: stablehlo.concatenate %arg1, %[[S]], dim = 1
// -----
// CASE: all slices put together again
func.func @main(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %0 = stablehlo.slice %x [0:2, 0:3] : (tensor<2x8xf32>) -> tensor<2x3xf32>
  %1 = stablehlo.slice %x [0:2, 3:8] : (tensor<2x8xf32>) -> tensor<2x5xf32>
  %2 = stablehlo.concatenate %0, %1, dim = 1 : (tensor<2x3xf32>, tensor<2x5xf32>) -> tensor<2x8xf32>
  return %2 : tensor<2x8xf32>
}
// CHECK: func.func
// CHECK-NEXT: return %arg0
// -----
// CASE: a concatenation of one, and one with a part of no elements
func.func @main(%x: tensor<2x3xf32>, %y: tensor<2x0xf32>) -> tensor<2x6xf32> {
  %0 = stablehlo.concatenate %x, dim = 1 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = stablehlo.concatenate %x, %y, %0, dim = 1 : (tensor<2x3xf32>, tensor<2x0xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  return %1 : tensor<2x6xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.concatenate %arg0, %arg0, dim = 1
// -----
// CASE: slices that do not adjoin
func.func @main(%x: tensor<3x8xf32>) -> tensor<2x10xf32> {
  %0 = stablehlo.slice %x [0:2, 0:3] : (tensor<3x8xf32>) -> tensor<2x3xf32>
  %1 = stablehlo.slice %x [0:2, 4:8] : (tensor<3x8xf32>) -> tensor<2x4xf32>
  %2 = stablehlo.slice %x [1:3, 0:3] : (tensor<3x8xf32>) -> tensor<2x3xf32>
  %3 = stablehlo.concatenate %0, %1, %2, dim = 1 : (tensor<2x3xf32>, tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<2x10xf32>
  return %3 : tensor<2x10xf32>
}
// DECLINES(concatenation-of-slices): no part goes on where another ends
// -----
// CASE: a pad of nothing
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.pad %x, %z, low = [0, 0], high = [0, 0], interior = [0, 0] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %1 = stablehlo.tanh %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: zeros around zeros
func.func @main(%x: tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>) {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %s = stablehlo.constant dense<0.0> : tensor<2x3xf32>
  %0 = stablehlo.pad %s, %z, low = [1, 0], high = [1, 0], interior = [0, 0] : (tensor<2x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  %1 = stablehlo.add %0, %x : tensor<4x3xf32>
  %2 = stablehlo.maximum %x, %0 : tensor<4x3xf32>
  return %1, %2 : tensor<4x3xf32>, tensor<4x3xf32>
}
// CHECK: %[[Z:.+]] = stablehlo.constant dense<0.000000e+00> : tensor<4x3xf32>
// CHECK-NEXT: %[[M:.+]] = stablehlo.maximum %arg0, %[[Z]]
// CHECK-NEXT: return %arg0, %[[M]]
// -----
// CASE: a pad
func.func @main(%x: tensor<2x3xf32>) -> tensor<4x3xf32> {
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.pad %x, %z, low = [1, 0], high = [1, 0], interior = [0, 0] : (tensor<2x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}
// DECLINES(pad-of-nothing): it adds what is not there already
// -----
// CASE: a slice of what was padded
func.func @main(%x: tensor<4x5xf32>) -> tensor<2x3xf32> {
  %z = stablehlo.constant dense<1.0> : tensor<f32>
  %0 = stablehlo.pad %x, %z, low = [1, 2], high = [1, 0], interior = [0, 0] : (tensor<4x5xf32>, tensor<f32>) -> tensor<6x7xf32>
  %1 = stablehlo.slice %0 [1:5:2, 3:6] : (tensor<6x7xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: stablehlo.slice %arg0 [0:4:2, 1:4]
// CHECK-NEXT: return
// -----
// CASE: a slice of some of the padding
func.func @main(%x: tensor<4x5xf32>) -> tensor<5x3xf32> {
  %z = stablehlo.constant dense<1.0> : tensor<f32>
  %0 = stablehlo.pad %x, %z, low = [1, 2], high = [1, 0], interior = [0, 0] : (tensor<4x5xf32>, tensor<f32>) -> tensor<6x7xf32>
  %1 = stablehlo.slice %0 [0:5, 3:6] : (tensor<6x7xf32>) -> tensor<5x3xf32>
  return %1 : tensor<5x3xf32>
}
// DECLINES(slice-of-pad): it takes some of what was added
// -----
// CASE: a slice of what is padded between elements
func.func @main(%x: tensor<4xf32>) -> tensor<2xf32> {
  %z = stablehlo.constant dense<1.0> : tensor<f32>
  %0 = stablehlo.pad %x, %z, low = [0], high = [0], interior = [1] : (tensor<4xf32>, tensor<f32>) -> tensor<7xf32>
  %1 = stablehlo.slice %0 [1:3] : (tensor<7xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
// DECLINES(slice-of-pad): it is padded between its elements, or its shape is not known
// -----
// CASE: a slice of what is not padded
func.func @main(%x: tensor<4xf32>) -> tensor<2xf32> {
  %1 = stablehlo.slice %x [1:3] : (tensor<4xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
// DECLINES(slice-of-pad): the operand is not padded
// DECLINES(slice-of-broadcast): the operand is no broadcast
// -----
// CASE: concatenations within concatenations
func.func @main(%x: tensor<2xf32>, %y: tensor<3xf32>) -> tensor<13xf32> {
  %0 = stablehlo.concatenate %x, %y, dim = 0 : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>
  %1 = stablehlo.concatenate %y, %0, %0, dim = 0 : (tensor<3xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<13xf32>
  return %1 : tensor<13xf32>
}
// CHECK: stablehlo.concatenate %arg1, %arg0, %arg1, %arg0, %arg1, dim = 0
// CHECK-NEXT: return
// -----
// CASE: a concatenation along another dimension
func.func @main(%x: tensor<2x2xf32>, %y: tensor<2x4xf32>) -> tensor<4x4xf32> {
  %0 = stablehlo.concatenate %x, %x, dim = 1 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x4xf32>
  %1 = stablehlo.concatenate %y, %0, dim = 0 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}
// DECLINES(nested-concatenation): no operand is a concatenation along the same dimension
// -----
// CASE: a pad of a pad
func.func @main(%x: tensor<4x5xf32>) -> tensor<9x8xf32> {
  %z = stablehlo.constant dense<1.0> : tensor<f32>
  %0 = stablehlo.pad %x, %z, low = [1, 2], high = [1, 0], interior = [0, 0] : (tensor<4x5xf32>, tensor<f32>) -> tensor<6x7xf32>
  %1 = stablehlo.pad %0, %z, low = [0, 1], high = [3, 0], interior = [0, 0] : (tensor<6x7xf32>, tensor<f32>) -> tensor<9x8xf32>
  return %1 : tensor<9x8xf32>
}
// CHECK: stablehlo.pad %arg0, %cst, low = [1, 3], high = [4, 0], interior = [0, 0]
// CHECK-NEXT: return
// -----
// CASE: a pad of a pad by another number
func.func @main(%x: tensor<4xf32>) -> tensor<9xf32> {
  %z = stablehlo.constant dense<1.0> : tensor<f32>
  %n = stablehlo.constant dense<2.0> : tensor<f32>
  %0 = stablehlo.pad %x, %z, low = [1], high = [1], interior = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<6xf32>
  %1 = stablehlo.pad %0, %n, low = [0], high = [3], interior = [0] : (tensor<6xf32>, tensor<f32>) -> tensor<9xf32>
  return %1 : tensor<9xf32>
}
// DECLINES(merged-pad): it is padded with another value
// DECLINES(merged-pad): the operand is not padded
// -----
// CASE: a pad that cuts off a pad
func.func @main(%x: tensor<4xf32>) -> tensor<7xf32> {
  %z = stablehlo.constant dense<1.0> : tensor<f32>
  %0 = stablehlo.pad %x, %z, low = [1], high = [1], interior = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<6xf32>
  %1 = stablehlo.pad %0, %z, low = [-2], high = [3], interior = [0] : (tensor<6xf32>, tensor<f32>) -> tensor<7xf32>
  return %1 : tensor<7xf32>
}
// DECLINES(merged-pad): elements are cut off, or come between others
// -----
// CASE: reversed and reversed again
func.func @main(%x: tensor<2x3x1xf32>) -> tensor<2x3x1xf32> {
  %0 = stablehlo.reverse %x, dims = [0, 1] : tensor<2x3x1xf32>
  %1 = stablehlo.reverse %0, dims = [1, 2] : tensor<2x3x1xf32>
  return %1 : tensor<2x3x1xf32>
}
// CHECK: stablehlo.reverse %arg0, dims = [0]
// CHECK-NEXT: return
// -----
// CASE: reversed there and back
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.reverse %x, dims = [0, 1] : tensor<2x3xf32>
  %1 = stablehlo.reverse %0, dims = [1, 0] : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: return %arg0
// -----
// CASE: reversed
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.reverse %x, dims = [0, 1] : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(merged-reverse): the operand is not reversed
