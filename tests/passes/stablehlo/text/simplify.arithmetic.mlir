// RUN: litewright opt %s -p simplify
// CASE: add with the neutral number
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<0.0> : tensor<2x3xf32>
  %0 = stablehlo.add %x, %c : tensor<2x3xf32>
  %1 = stablehlo.tanh %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: subtract with the neutral number
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<0.0> : tensor<2x3xf32>
  %0 = stablehlo.subtract %x, %c : tensor<2x3xf32>
  %1 = stablehlo.tanh %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: multiply with the neutral number
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<1.0> : tensor<2x3xf32>
  %0 = stablehlo.multiply %x, %c : tensor<2x3xf32>
  %1 = stablehlo.tanh %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: divide with the neutral number
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<1.0> : tensor<2x3xf32>
  %0 = stablehlo.divide %x, %c : tensor<2x3xf32>
  %1 = stablehlo.tanh %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: power with the neutral number
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<1.0> : tensor<2x3xf32>
  %0 = stablehlo.power %x, %c : tensor<2x3xf32>
  %1 = stablehlo.tanh %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: add with the neutral number on the left, spread
func.func @main(%x: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %c = stablehlo.constant dense<0> : tensor<i32>
  %s = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<2x3xi32>
  %0 = stablehlo.add %s, %x : tensor<2x3xi32>
  %1 = stablehlo.negate %0 : tensor<2x3xi32>
  return %1 : tensor<2x3xi32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.negate %arg0
// -----
// CASE: multiply with the neutral number on the left, spread
func.func @main(%x: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %c = stablehlo.constant dense<1> : tensor<i32>
  %s = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<2x3xi32>
  %0 = stablehlo.multiply %s, %x : tensor<2x3xi32>
  %1 = stablehlo.negate %0 : tensor<2x3xi32>
  return %1 : tensor<2x3xi32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.negate %arg0
// -----
// CASE: subtract from zero
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<0.0> : tensor<2x3xf32>
  %0 = stablehlo.subtract %c, %x : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(neutral-number): no operand is the neutral number
// DECLINES(difference-with-negated): the right operand is not negated
// -----
// CASE: bounds that bind nothing
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %a = stablehlo.constant dense<0xFF800000> : tensor<2x3xf32>
  %b = stablehlo.constant dense<0x7F800000> : tensor<2x3xf32>
  %0 = stablehlo.maximum %x, %a : tensor<2x3xf32>
  %1 = stablehlo.minimum %b, %0 : tensor<2x3xf32>
  %2 = stablehlo.maximum %1, %1 : tensor<2x3xf32>
  %3 = stablehlo.tanh %2 : tensor<2x3xf32>
  return %3 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: a bound
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %a = stablehlo.constant dense<0.0> : tensor<2x3xf32>
  %0 = stablehlo.maximum %x, %a : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(neutral-bound): no operand is infinite
// -----
// CASE: a bound on integers
func.func @main(%x: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %a = stablehlo.constant dense<0> : tensor<2x3xi32>
  %0 = stablehlo.maximum %x, %a : tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}
// DECLINES(neutral-bound): integers have no infinity
// -----
// CASE: integers times zero
func.func @main(%x: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %a = stablehlo.constant dense<0> : tensor<2x3xi32>
  %0 = stablehlo.multiply %a, %x : tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}
// CHECK: %[[Z:.+]] = stablehlo.constant dense<0> : tensor<2x3xi32>
// CHECK-NEXT: return %[[Z]]
// -----
// CASE: floats times zero
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %a = stablehlo.constant dense<0.0> : tensor<2x3xf32>
  %0 = stablehlo.multiply %a, %x : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(multiplied-by-zero): infinity times zero is not zero
// -----
// CASE: integers times two
func.func @main(%x: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %a = stablehlo.constant dense<2> : tensor<2x3xi32>
  %0 = stablehlo.multiply %a, %x : tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}
// DECLINES(multiplied-by-zero): no operand is zero
// -----
// CASE: and with true
func.func @main(%x: tensor<2x3xi1>) -> tensor<2x3xi1> {
  %a = stablehlo.constant dense<true> : tensor<2x3xi1>
  %0 = stablehlo.and %x, %a : tensor<2x3xi1>
  %1 = stablehlo.not %0 : tensor<2x3xi1>
  return %1 : tensor<2x3xi1>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.not %arg0
// -----
// CASE: or with false
func.func @main(%x: tensor<2x3xi1>) -> tensor<2x3xi1> {
  %a = stablehlo.constant dense<false> : tensor<2x3xi1>
  %0 = stablehlo.or %x, %a : tensor<2x3xi1>
  %1 = stablehlo.not %0 : tensor<2x3xi1>
  return %1 : tensor<2x3xi1>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.not %arg0
// -----
// CASE: and with false
func.func @main(%x: tensor<2x3xi1>) -> tensor<2x3xi1> {
  %a = stablehlo.constant dense<false> : tensor<2x3xi1>
  %0 = stablehlo.and %a, %x : tensor<2x3xi1>
  return %0 : tensor<2x3xi1>
}
// CHECK: %[[Z:.+]] = stablehlo.constant dense<false> : tensor<2x3xi1>
// CHECK-NEXT: return %[[Z]]
// -----
// CASE: or with true
func.func @main(%x: tensor<2x3xi1>) -> tensor<2x3xi1> {
  %a = stablehlo.constant dense<true> : tensor<2x3xi1>
  %0 = stablehlo.or %a, %x : tensor<2x3xi1>
  return %0 : tensor<2x3xi1>
}
// CHECK: %[[Z:.+]] = stablehlo.constant dense<true> : tensor<2x3xi1>
// CHECK-NEXT: return %[[Z]]
// -----
// CASE: and of a value with itself
func.func @main(%x: tensor<2x3xi8>) -> tensor<2x3xi8> {
  %0 = stablehlo.and %x, %x : tensor<2x3xi8>
  %1 = stablehlo.not %0 : tensor<2x3xi8>
  return %1 : tensor<2x3xi8>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.not %arg0
// -----
// CASE: or of unknown truths
func.func @main(%x: tensor<2xi1>, %y: tensor<2xi1>) -> tensor<2xi1> {
  %0 = stablehlo.or %x, %y : tensor<2xi1>
  return %0 : tensor<2xi1>
}
// DECLINES(neutral-truth): no operand is known
// -----
// CASE: or of bits
func.func @main(%x: tensor<2xi32>, %y: tensor<2xi32>) -> tensor<2xi32> {
  %0 = stablehlo.or %x, %y : tensor<2xi32>
  return %0 : tensor<2xi32>
}
// DECLINES(neutral-truth): operands are no booleans
// -----
// CASE: negated twice
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.negate %x : tensor<2x3xf32>
  %1 = stablehlo.negate %0 : tensor<2x3xf32>
  %2 = stablehlo.tanh %1 : tensor<2x3xf32>
  return %2 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: not not
func.func @main(%x: tensor<2xi1>) -> tensor<2xi1> {
  %0 = stablehlo.not %x : tensor<2xi1>
  %1 = stablehlo.not %0 : tensor<2xi1>
  %2 = stablehlo.and %1, %0 : tensor<2xi1>
  return %2 : tensor<2xi1>
}
// CHECK: %[[N:.+]] = stablehlo.not %arg0
// CHECK-NEXT: stablehlo.and %arg0, %[[N]]
// -----
// CASE: negated once
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.negate %x : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(double-negation): the operand is not negated
// -----
// CASE: a sum with a negated value on the right
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.negate %x : tensor<2xf32>
  %1 = stablehlo.add %y, %0 : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: stablehlo.subtract %arg1, %arg0
// CHECK-NEXT: return
// -----
// CASE: a sum with a negated value on the left
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.negate %x : tensor<2xf32>
  %1 = stablehlo.add %0, %y : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: stablehlo.subtract %arg1, %arg0
// CHECK-NEXT: return
// -----
// CASE: a sum
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %1 = stablehlo.add %x, %y : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// DECLINES(sum-with-negated): no operand is negated
// -----
// CASE: a difference with a negated value
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.negate %x : tensor<2xf32>
  %1 = stablehlo.subtract %y, %0 : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: stablehlo.add %arg1, %arg0
// CHECK-NEXT: return
// -----
// CASE: an integer subtracted from zero
func.func @main(%x: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %c = stablehlo.constant dense<0> : tensor<2x3xi32>
  %0 = stablehlo.subtract %c, %x : tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.negate %arg0
// -----
// CASE: divided by a power of two
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<-4.0> : tensor<2x3xf32>
  %0 = stablehlo.divide %x, %c : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<-2.500000e-01>
// CHECK-NEXT: stablehlo.multiply %arg0, %[[C]]
// -----
// CASE: divided by a number that has no exact reciprocal
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<3.0> : tensor<2x3xf32>
  %0 = stablehlo.divide %x, %c : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(division-by-number): the reciprocal is rounded, and others than products read the quotient
// -----
// CASE: integers divided by a power of two
func.func @main(%x: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %c = stablehlo.constant dense<4> : tensor<2x3xi32>
  %0 = stablehlo.divide %x, %c : tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}
// DECLINES(division-by-number): the divisor is not one number
// -----
// CASE: the power of 2.0
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<2.0> : tensor<2x3xf32>
  %0 = stablehlo.power %x, %c : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK: stablehlo.multiply %arg0, %arg0
// CHECK-NOT: stablehlo.power
// -----
// CASE: the power of 3.0
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<3.0> : tensor<2x3xf32>
  %0 = stablehlo.power %x, %c : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK: %[[S:.+]] = stablehlo.multiply %arg0, %arg0
// CHECK-NEXT: stablehlo.multiply %[[S]], %arg0
// CHECK-NOT: stablehlo.power
// -----
// CASE: the power of 0.5
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %p = stablehlo.exponential %x : tensor<2x3xf32>
  %c = stablehlo.constant dense<0.5> : tensor<2x3xf32>
  %0 = stablehlo.power %p, %c : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK: %[[P:.+]] = stablehlo.exponential
// CHECK: stablehlo.sqrt %[[P]]
// CHECK-NOT: stablehlo.power
// -----
// CASE: the power of -0.5
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %p = stablehlo.exponential %x : tensor<2x3xf32>
  %c = stablehlo.constant dense<-0.5> : tensor<2x3xf32>
  %0 = stablehlo.power %p, %c : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK: %[[P:.+]] = stablehlo.exponential
// CHECK: stablehlo.rsqrt %[[P]]
// CHECK-NOT: stablehlo.power
// -----
// CASE: the power of -1.0
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %p = stablehlo.exponential %x : tensor<2x3xf32>
  %c = stablehlo.constant dense<-1.0> : tensor<2x3xf32>
  %0 = stablehlo.power %p, %c : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK: %[[P:.+]] = stablehlo.exponential
// CHECK: stablehlo.divide %{{.+}}, %[[P]]
// CHECK-NOT: stablehlo.power
// -----
// CASE: the power of 1.5
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %p = stablehlo.exponential %x : tensor<2x3xf32>
  %c = stablehlo.constant dense<1.5> : tensor<2x3xf32>
  %0 = stablehlo.power %p, %c : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(power-by-number): no simpler op says this power
// -----
// CASE: a power that depends on the input
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %p = stablehlo.exponential %x : tensor<2xf32>
  %0 = stablehlo.power %p, %y : tensor<2xf32>
  return %0 : tensor<2xf32>
}
// DECLINES(power-by-number): the exponent is not one number
// -----
// CASE: divided by a root
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %p = stablehlo.exponential %y : tensor<2xf32>
  %r = stablehlo.sqrt %p : tensor<2xf32>
  %0 = stablehlo.divide %x, %r : tensor<2xf32>
  return %0 : tensor<2xf32>
}
// CHECK: %[[R:.+]] = stablehlo.rsqrt
// CHECK-NEXT: stablehlo.multiply %arg0, %[[R]]
// CHECK-NOT: stablehlo.sqrt
// -----
// CASE: one divided by a root
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %p = stablehlo.exponential %x : tensor<2x3xf32>
  %r = stablehlo.sqrt %p : tensor<2x3xf32>
  %c = stablehlo.constant dense<1.0> : tensor<2x3xf32>
  %0 = stablehlo.divide %c, %r : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK: %[[R:.+]] = stablehlo.rsqrt
// CHECK-NEXT: return %[[R]]
// -----
// CASE: a root that is read elsewhere too
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %p = stablehlo.exponential %y : tensor<2xf32>
  %r = stablehlo.sqrt %p : tensor<2xf32>
  %0 = stablehlo.divide %x, %r : tensor<2xf32>
  return %0, %r : tensor<2xf32>, tensor<2xf32>
}
// DECLINES(reciprocal-of-root): the root is read elsewhere too
// -----
// CASE: divided by something else
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %p = stablehlo.exponential %y : tensor<2xf32>
  %0 = stablehlo.divide %x, %p : tensor<2xf32>
  return %0 : tensor<2xf32>
}
// DECLINES(reciprocal-of-root): the divisor is no square root
// DECLINES(logistic-written-out): no reciprocal of a sum
// -----
// CASE: the logistic function written out, with one in front
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<1.0> : tensor<2x3xf32>
  %n = stablehlo.negate %x : tensor<2x3xf32>
  %e = stablehlo.exponential %n : tensor<2x3xf32>
  %s = stablehlo.add %c, %e : tensor<2x3xf32>
  %0 = stablehlo.divide %c, %s : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK: stablehlo.logistic %arg0
// CHECK-NEXT: return
// -----
// CASE: the logistic function written out, with one behind
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<1.0> : tensor<2x3xf32>
  %n = stablehlo.negate %x : tensor<2x3xf32>
  %e = stablehlo.exponential %n : tensor<2x3xf32>
  %s = stablehlo.add %e, %c : tensor<2x3xf32>
  %0 = stablehlo.divide %c, %s : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK: stablehlo.logistic %arg0
// CHECK-NEXT: return
// -----
// CASE: the reciprocal of another sum
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<1.0> : tensor<2x3xf32>
  %n = stablehlo.abs %x : tensor<2x3xf32>
  %e = stablehlo.exponential %n : tensor<2x3xf32>
  %s = stablehlo.add %c, %e : tensor<2x3xf32>
  %0 = stablehlo.divide %c, %s : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(logistic-written-out): the sum is not 1 + exp(-x)
// -----
// CASE: a conversion to the same type
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.convert %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = stablehlo.tanh %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.tanh %arg0
// -----
// CASE: conversions to a wider type and back
func.func @main(%x: tensor<2x3xf16>) -> tensor<2x3xf16> {
  %0 = stablehlo.convert %x : (tensor<2x3xf16>) -> tensor<2x3xf32>
  %1 = stablehlo.convert %0 : (tensor<2x3xf32>) -> tensor<2x3xf16>
  %2 = stablehlo.negate %1 : tensor<2x3xf16>
  return %2 : tensor<2x3xf16>
}
// CHECK: func.func
// CHECK-NEXT: stablehlo.negate %arg0
// -----
// CASE: conversions of integers over a wider type
func.func @main(%x: tensor<2x3xui8>) -> tensor<2x3xf32> {
  %0 = stablehlo.convert %x : (tensor<2x3xui8>) -> tensor<2x3xi32>
  %1 = stablehlo.convert %0 : (tensor<2x3xi32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: stablehlo.convert %arg0 : (tensor<2x3xui8>) -> tensor<2x3xf32>
// CHECK-NEXT: return
// -----
// CASE: a number converted to a truth over a wider type
func.func @main(%x: tensor<2x3xi32>) -> tensor<2x3xi1> {
  %0 = stablehlo.convert %x : (tensor<2x3xi32>) -> tensor<2x3xi64>
  %1 = stablehlo.convert %0 : (tensor<2x3xi64>) -> tensor<2x3xi1>
  return %1 : tensor<2x3xi1>
}
// CHECK: stablehlo.compare NE, %arg0, %c
// -----
// CASE: conversions over a narrower type
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = stablehlo.convert %x : (tensor<2x3xf32>) -> tensor<2x3xf16>
  %1 = stablehlo.convert %0 : (tensor<2x3xf16>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// DECLINES(merged-convert): the type between loses something
// -----
// CASE: a conversion
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf16> {
  %0 = stablehlo.convert %x : (tensor<2x3xf32>) -> tensor<2x3xf16>
  return %0 : tensor<2x3xf16>
}
// DECLINES(merged-convert): the operand is no conversion
// -----
// CASE: two numbers that are added one after another
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %a = stablehlo.constant dense<1.5> : tensor<2x3xf32>
  %b = stablehlo.constant dense<2.0> : tensor<2x3xf32>
  %0 = stablehlo.add %x, %a : tensor<2x3xf32>
  %1 = stablehlo.add %b, %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: %[[C:.+]] = stablehlo.add %cst, %cst_0
// CHECK-NEXT: stablehlo.add %arg0, %[[C]]
// -----
// CASE: two numbers that are multiplyed one after another
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %a = stablehlo.constant dense<1.5> : tensor<2x3xf32>
  %b = stablehlo.constant dense<2.0> : tensor<2x3xf32>
  %0 = stablehlo.multiply %x, %a : tensor<2x3xf32>
  %1 = stablehlo.multiply %b, %0 : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: %[[C:.+]] = stablehlo.multiply %cst, %cst_0
// CHECK-NEXT: stablehlo.multiply %arg0, %[[C]]
// -----
// CASE: numbers that are added to a sum of inputs
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %a = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = stablehlo.add %x, %y : tensor<2xf32>
  %1 = stablehlo.add %0, %a : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// DECLINES(merged-number): the other operand is no such op with a known number
// DECLINES(merged-number): not one operand alone is known
// -----
// CASE: a sum that is read elsewhere too
func.func @main(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %a = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = stablehlo.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %0 = stablehlo.add %x, %a : tensor<2xf32>
  %1 = stablehlo.add %0, %b : tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}
// DECLINES(merged-number): the other operand is read elsewhere too
// -----
// CASE: bounds of one kind, maximum
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = stablehlo.constant dense<1.0> : tensor<2xf32>
  %b = stablehlo.constant dense<2.0> : tensor<2xf32>
  %0 = stablehlo.maximum %x, %a : tensor<2xf32>
  %1 = stablehlo.maximum %0, %b : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<2.000000e+00>
// CHECK-NEXT: stablehlo.maximum %arg0, %[[C]]
// CHECK-NEXT: return
// -----
// CASE: bounds of one kind, minimum
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = stablehlo.constant dense<1.0> : tensor<2xf32>
  %b = stablehlo.constant dense<2.0> : tensor<2xf32>
  %0 = stablehlo.minimum %x, %a : tensor<2xf32>
  %1 = stablehlo.minimum %0, %b : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: %[[C:.+]] = stablehlo.constant dense<1.000000e+00>
// CHECK-NEXT: stablehlo.minimum %arg0, %[[C]]
// CHECK-NEXT: return
// -----
// CASE: bounds of two kinds
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = stablehlo.constant dense<1.0> : tensor<2xf32>
  %b = stablehlo.constant dense<2.0> : tensor<2xf32>
  %0 = stablehlo.maximum %x, %a : tensor<2xf32>
  %1 = stablehlo.minimum %0, %b : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// DECLINES(merged-bound): no bound of the same kind on a bounded value
// -----
// CASE: a number and an input as bounds
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %b = stablehlo.constant dense<2.0> : tensor<2xf32>
  %0 = stablehlo.maximum %x, %y : tensor<2xf32>
  %1 = stablehlo.maximum %0, %b : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// DECLINES(merged-bound): the inner bound is not one number
// -----
// CASE: a row of a table and a weight that are added one after another
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %w: tensor<1x3x4xf32> {litewright.weight = "w"}) -> (tensor<2x3x4xf32> {litewright.name = "y"}) {
  %c = stablehlo.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = stablehlo.broadcast_in_dim %c, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
  %1 = stablehlo.add %x, %0 : tensor<2x3x4xf32>
  %2 = stablehlo.broadcast_in_dim %w, dims = [0, 1, 2] : (tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  %3 = stablehlo.add %1, %2 : tensor<2x3x4xf32>
  return %3 : tensor<2x3x4xf32>
}
// CHECK: %[[S:.+]] = stablehlo.add %{{.+}}, %{{.+}} : tensor<1x3x4xf32>
// CHECK-NEXT: %[[B:.+]] = stablehlo.broadcast_in_dim %[[S]]
// CHECK-NEXT: stablehlo.add %arg0, %[[B]]
// -----
// CASE: what is divided is multiplied with a matrix
func.func @main(%x: tensor<2x3xf32>, %y: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %c = stablehlo.constant dense<3.0> : tensor<2x3xf32>
  %0 = stablehlo.divide %x, %c : tensor<2x3xf32>
  %1 = stablehlo.dot_general %0, %y, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
// CHECK: stablehlo.constant dense<0.333333343>
// CHECK-NEXT: %[[M:.+]] = stablehlo.multiply %arg0
// CHECK-NEXT: stablehlo.dot_general %[[M]], %arg1
// -----
// CASE: a divisor so small that there is no reciprocal
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<1.0e-40> : tensor<2x3xf32>
  %0 = stablehlo.divide %x, %c : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(division-by-number): the divisor is too large or too small
// -----
// CASE: a number that is added to round, and taken away again
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %a = stablehlo.constant dense<12582912.0> : tensor<2x3xf32>
  %b = stablehlo.constant dense<-12582912.0> : tensor<2x3xf32>
  %0 = stablehlo.add %x, %a : tensor<2x3xf32>
  %1 = stablehlo.add %0, %b : tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// DECLINES(merged-number): the numbers cancel each other: what they round away may be meant
// -----
// CASE: positions of 32 bits are divided as such
func.func @main(%x: tensor<4xi32>) -> (tensor<4xi64>, tensor<4xi64>) {
  %three = stablehlo.constant dense<3> : tensor<4xi64>
  %0 = stablehlo.convert %x : (tensor<4xi32>) -> tensor<4xi64>
  %1 = stablehlo.divide %0, %three : tensor<4xi64>
  %2 = stablehlo.remainder %0, %three : tensor<4xi64>
  return %1, %2 : tensor<4xi64>, tensor<4xi64>
}
// CHECK: %[[Q:.*]] = stablehlo.divide %arg0, {{.*}} : tensor<4xi32>
// CHECK-NEXT: stablehlo.convert %[[Q]]
// CHECK: %[[R:.*]] = stablehlo.remainder %arg0, {{.*}} : tensor<4xi32>
// CHECK-NEXT: stablehlo.convert %[[R]]
// -----
// CASE: divisions that may need 64 bits, or that have kernels
func.func @main(%x: tensor<4xi64>, %y: tensor<4xi32>, %z: tensor<4xi32>) -> (tensor<4xi64>, tensor<4xi64>, tensor<4xi32>) {
  %eight = stablehlo.constant dense<8> : tensor<4xi64>
  %large = stablehlo.constant dense<3000000000> : tensor<4xi64>
  %0 = stablehlo.divide %x, %eight : tensor<4xi64>
  %1 = stablehlo.convert %y : (tensor<4xi32>) -> tensor<4xi64>
  %2 = stablehlo.divide %1, %large : tensor<4xi64>
  %3 = stablehlo.maximum %z, %y : tensor<4xi32>
  %4 = stablehlo.remainder %y, %3 : tensor<4xi32>
  return %0, %2, %4 : tensor<4xi64>, tensor<4xi64>, tensor<4xi32>
}
// DECLINES(narrowed-division): the dividend may need 64 bits
// DECLINES(narrowed-division): the divisor is not one positive number of 32 bits
// DECLINES(narrowed-division): the numbers are no integers of 64 bits
