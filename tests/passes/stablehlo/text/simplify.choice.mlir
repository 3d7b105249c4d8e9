// RUN: litewright opt %s -p simplify
// CASE: a choice by true
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %p = stablehlo.constant dense<true> : tensor<2xi1>
  %0 = stablehlo.select %p, %x, %y : tensor<2xi1>, tensor<2xf32>
  %1 = stablehlo.tanh %0 : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: a choice by false
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %p = stablehlo.constant dense<false> : tensor<2xi1>
  %0 = stablehlo.select %p, %x, %y : tensor<2xi1>, tensor<2xf32>
  %1 = stablehlo.tanh %0 : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg1
// -----
// CASE: a choice between equal values
func.func @main(%p: tensor<2xi1>, %x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.select %p, %x, %x : tensor<2xi1>, tensor<2xf32>
  %1 = stablehlo.tanh %0 : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg1
// -----
// CASE: a choice
func.func @main(%p: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.select %p, %x, %y : tensor<2xi1>, tensor<2xf32>
  return %0 : tensor<2xf32>
}
// DECLINES(known-select): the predicate is not one truth
// DECLINES(select-of-negation): the predicate is not negated
// DECLINES(select-of-truths): no truths of the predicate's shape are selected
// DECLINES(nested-select): no operand is selected by the same predicate
// -----
// CASE: a choice by a truth among others
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %p = stablehlo.constant dense<[true, false]> : tensor<2xi1>
  %0 = stablehlo.select %p, %x, %y : tensor<2xi1>, tensor<2xf32>
  return %0 : tensor<2xf32>
}
// DECLINES(known-select): the predicate is not one truth
// -----
// CASE: a choice by what is not
func.func @main(%p: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %n = stablehlo.not %p : tensor<2xi1>
  %0 = stablehlo.select %n, %x, %y : tensor<2xi1>, tensor<2xf32>
  return %0 : tensor<2xf32>
}
// CHECK: stablehlo.select %arg0, %arg2, %arg1
// CHECK-NEXT: return
// -----
// CASE: a choice between true and false
func.func @main(%p: tensor<2xi1>) -> tensor<2xi1> {
  %a = stablehlo.constant dense<true> : tensor<2xi1>
  %b = stablehlo.constant dense<false> : tensor<2xi1>
  %0 = stablehlo.select %p, %a, %b : tensor<2xi1>, tensor<2xi1>
  return %0 : tensor<2xi1>
}
// CHECK: func.func
// CHECK-NEXT: return %arg0
// -----
// CASE: a choice between false and true
func.func @main(%p: tensor<2xi1>) -> tensor<2xi1> {
  %a = stablehlo.constant dense<false> : tensor<2xi1>
  %b = stablehlo.constant dense<true> : tensor<2xi1>
  %0 = stablehlo.select %p, %a, %b : tensor<2xi1>, tensor<2xi1>
  return %0 : tensor<2xi1>
}
// CHECK: %[[N:.+]] = stablehlo.not %arg0
// CHECK-NEXT: return %[[N]]
// -----
// CASE: a choice between a truth and another
func.func @main(%p: tensor<2xi1>, %q: tensor<2xi1>) -> tensor<2xi1> {
  %a = stablehlo.constant dense<true> : tensor<2xi1>
  %0 = stablehlo.select %p, %a, %q : tensor<2xi1>, tensor<2xi1>
  return %0 : tensor<2xi1>
}
// DECLINES(select-of-truths): the truths are not true and false
// -----
// CASE: a choice by one truth between truths of another shape
func.func @main(%p: tensor<i1>) -> tensor<2xi1> {
  %a = stablehlo.constant dense<true> : tensor<2xi1>
  %b = stablehlo.constant dense<false> : tensor<2xi1>
  %0 = stablehlo.select %p, %a, %b : tensor<i1>, tensor<2xi1>
  return %0 : tensor<2xi1>
}
// DECLINES(select-of-truths): no truths of the predicate's shape are selected
// -----
// CASE: a choice within the same choice
func.func @main(%p: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xf32>, %z: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.select %p, %x, %y : tensor<2xi1>, tensor<2xf32>
  %1 = stablehlo.select %p, %0, %z : tensor<2xi1>, tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: stablehlo.select %arg0, %arg1, %arg3
// CHECK-NEXT: return
// -----
// CASE: a choice within the opposite of the same choice
func.func @main(%p: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xf32>, %z: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.select %p, %x, %y : tensor<2xi1>, tensor<2xf32>
  %1 = stablehlo.select %p, %z, %0 : tensor<2xi1>, tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: stablehlo.select %arg0, %arg3, %arg2
// CHECK-NEXT: return
// -----
// CASE: an integer compared with itself, EQ
func.func @main(%x: tensor<2xi32>) -> tensor<2xi1> {
  %0 = stablehlo.compare EQ, %x, %x : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
  return %0 : tensor<2xi1>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<true> : tensor<2xi1>
// CHECK-NEXT: return %[[C]]
// -----
// CASE: an integer compared with itself, LT
func.func @main(%x: tensor<2xi32>) -> tensor<2xi1> {
  %0 = stablehlo.compare LT, %x, %x : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
  return %0 : tensor<2xi1>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<false> : tensor<2xi1>
// CHECK-NEXT: return %[[C]]
// -----
// CASE: a float compared with itself
func.func @main(%x: tensor<2xf32>) -> tensor<2xi1> {
  %0 = stablehlo.compare EQ, %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  return %0 : tensor<2xi1>
}
// DECLINES(comparison-with-itself): NaN differs from itself
// -----
// CASE: a comparison
func.func @main(%x: tensor<2xi32>, %y: tensor<2xi32>) -> tensor<2xi1> {
  %0 = stablehlo.compare LT, %x, %y : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
  return %0 : tensor<2xi1>
}
// DECLINES(comparison-with-itself): the operands differ
// DECLINES(comparison-of-truth): the left operand is no converted truth
// -----
// CASE: a converted truth compared, NE 0
func.func @main(%p: tensor<2xi1>) -> tensor<2xi1> {
  %c = stablehlo.constant dense<0> : tensor<2xi32>
  %i = stablehlo.convert %p : (tensor<2xi1>) -> tensor<2xi32>
  %0 = stablehlo.compare NE, %i, %c : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
  return %0 : tensor<2xi1>
}
// CHECK: func.func
// CHECK-NEXT: return %arg0
// -----
// CASE: a converted truth compared, EQ 0
func.func @main(%p: tensor<2xi1>) -> tensor<2xi1> {
  %c = stablehlo.constant dense<0> : tensor<2xi32>
  %i = stablehlo.convert %p : (tensor<2xi1>) -> tensor<2xi32>
  %0 = stablehlo.compare EQ, %i, %c : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
  return %0 : tensor<2xi1>
}
// CHECK: %[[N:.+]] = stablehlo.not %arg0
// CHECK-NEXT: return %[[N]]
// -----
// CASE: a converted truth compared, EQ 1
func.func @main(%p: tensor<2xi1>) -> tensor<2xi1> {
  %c = stablehlo.constant dense<1> : tensor<2xi32>
  %i = stablehlo.convert %p : (tensor<2xi1>) -> tensor<2xi32>
  %0 = stablehlo.compare EQ, %i, %c : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
  return %0 : tensor<2xi1>
}
// CHECK: func.func
// CHECK-NEXT: return %arg0
// -----
// CASE: a converted truth compared, NE 1
func.func @main(%p: tensor<2xi1>) -> tensor<2xi1> {
  %c = stablehlo.constant dense<1> : tensor<2xi32>
  %i = stablehlo.convert %p : (tensor<2xi1>) -> tensor<2xi32>
  %0 = stablehlo.compare NE, %i, %c : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
  return %0 : tensor<2xi1>
}
// CHECK: %[[N:.+]] = stablehlo.not %arg0
// CHECK-NEXT: return %[[N]]
// -----
// CASE: a converted truth compared otherwise
func.func @main(%p: tensor<2xi1>) -> tensor<2xi1> {
  %c = stablehlo.constant dense<0> : tensor<2xi32>
  %i = stablehlo.convert %p : (tensor<2xi1>) -> tensor<2xi32>
  %0 = stablehlo.compare GE, %i, %c : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
  return %0 : tensor<2xi1>
}
// DECLINES(comparison-of-truth): not compared for being 0 or 1
// -----
// CASE: the negation of an order of integers
func.func @main(%x: tensor<2xi32>, %y: tensor<2xi32>) -> tensor<2xi1> {
  %0 = stablehlo.compare LT, %x, %y : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
  %1 = stablehlo.not %0 : tensor<2xi1>
  return %1 : tensor<2xi1>
}
// CHECK: stablehlo.compare GE, %arg0, %arg1
// CHECK-NEXT: return
// -----
// CASE: the negation of an equality of floats
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xi1> {
  %0 = stablehlo.compare EQ, %x, %y : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  %1 = stablehlo.not %0 : tensor<2xi1>
  return %1 : tensor<2xi1>
}
// CHECK: stablehlo.compare NE, %arg0, %arg1
// CHECK-NEXT: return
// -----
// CASE: the negation of an order of floats
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xi1> {
  %0 = stablehlo.compare LT, %x, %y : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  %1 = stablehlo.not %0 : tensor<2xi1>
  return %1 : tensor<2xi1>
}
// DECLINES(negated-comparison): with NaN neither an order nor its opposite holds
// -----
// CASE: the negation of a comparison that is read elsewhere too
func.func @main(%x: tensor<2xi32>, %y: tensor<2xi32>) -> (tensor<2xi1>, tensor<2xi1>) {
  %0 = stablehlo.compare LT, %x, %y : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>
  %1 = stablehlo.not %0 : tensor<2xi1>
  return %0, %1 : tensor<2xi1>, tensor<2xi1>
}
// DECLINES(negated-comparison): the comparison is read elsewhere too
// -----
// CASE: the negation of an input
func.func @main(%x: tensor<2xi1>) -> tensor<2xi1> {
  %1 = stablehlo.not %x : tensor<2xi1>
  return %1 : tensor<2xi1>
}
// DECLINES(negated-comparison): the operand is no comparison
