// RUN: litewright opt %s -p eliminate-common-subexpressions
// CASE: equal ops become one, and what reads them
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.multiply %x, %y : tensor<2xf32>
  %1 = stablehlo.multiply %x, %y : tensor<2xf32>
  %2 = stablehlo.tanh %0 : tensor<2xf32>
  %3 = stablehlo.tanh %1 : tensor<2xf32>
  %4 = stablehlo.add %2, %3 : tensor<2xf32>
  return %4 : tensor<2xf32>
}
// CHECK: stablehlo.multiply %arg0, %arg1
// CHECK-NEXT: %[[T:.+]] = stablehlo.tanh
// CHECK-NEXT: stablehlo.add %[[T]], %[[T]]
// -----
// CASE: equal constants become one
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %d = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = stablehlo.add %x, %c : tensor<2xf32>
  %1 = stablehlo.multiply %0, %d : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: %[[C:.+]] = stablehlo.constant
// CHECK-NEXT: %[[A:.+]] = stablehlo.add %arg0, %[[C]]
// CHECK-NEXT: stablehlo.multiply %[[A]], %[[C]]
// -----
// CASE: ops that differ in an attribute, a type or the order of operands
func.func @main(%x: tensor<2x2xf32>, %y: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<4xf32>, tensor<4x1xf32>) {
  %0 = stablehlo.subtract %x, %y : tensor<2x2xf32>
  %1 = stablehlo.subtract %y, %x : tensor<2x2xf32>
  %2 = stablehlo.transpose %x, dims = [0, 1] : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = stablehlo.transpose %x, dims = [1, 0] : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %4 = stablehlo.reshape %x : (tensor<2x2xf32>) -> tensor<4xf32>
  %5 = stablehlo.reshape %x : (tensor<2x2xf32>) -> tensor<4x1xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<4xf32>, tensor<4x1xf32>
}
// UNCHANGED
// -----
// CASE: zeros of either sign
func.func @main(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %c = stablehlo.constant dense<0.0> : tensor<2xf32>
  %d = stablehlo.constant dense<-0.0> : tensor<2xf32>
  %0 = stablehlo.divide %x, %c : tensor<2xf32>
  %1 = stablehlo.divide %x, %d : tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}
// UNCHANGED
// -----
// CASE: operands in another order, where the order does not matter
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.multiply %x, %y : tensor<2xf32>
  %1 = stablehlo.multiply %y, %x : tensor<2xf32>
  %2 = stablehlo.add %0, %1 : tensor<2xf32>
  return %2 : tensor<2xf32>
}
// CHECK: %[[M:.+]] = stablehlo.multiply %arg0, %arg1
// CHECK-NEXT: stablehlo.add %[[M]], %[[M]]
