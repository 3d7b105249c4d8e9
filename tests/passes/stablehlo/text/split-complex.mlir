// RUN: litewright opt %s -p split-complex
// CASE: movement moves both parts, and of what nobody reads nothing is left
func.func @main(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %0 = stablehlo.complex %a, %b : tensor<2x3xcomplex<f32>>
  %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<2x3xcomplex<f32>>) -> tensor<3x2xcomplex<f32>>
  %2 = stablehlo.imag %1 : (tensor<3x2xcomplex<f32>>) -> tensor<3x2xf32>
  return %2 : tensor<3x2xf32>
}
// CHECK: @main
// CHECK-NEXT: %0 = stablehlo.transpose %arg1, dims = [1, 0]
// CHECK-NEXT: return %0
// -----
// CASE: sums of complex numbers, one of them chosen
func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>, %p: tensor<4xi1>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.complex %a, %b : tensor<4xcomplex<f32>>
  %1 = stablehlo.complex %b, %b : tensor<4xcomplex<f32>>
  %2 = stablehlo.subtract %0, %1 : tensor<4xcomplex<f32>>
  %3 = stablehlo.negate %0 : tensor<4xcomplex<f32>>
  %4 = stablehlo.select %p, %2, %3 : tensor<4xi1>, tensor<4xcomplex<f32>>
  %5 = stablehlo.real %4 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %6 = stablehlo.imag %4 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  return %5, %6 : tensor<4xf32>, tensor<4xf32>
}
// CHECK-COUNT-2: stablehlo.select %arg2, {{.*}} : tensor<4xi1>, tensor<4xf32>
// CHECK-NOT: complex
// -----
// CASE: numbers at computed places
func.func @main(%a: tensor<8x2xf32>, %b: tensor<8x2xf32>, %i: tensor<3xi32>) -> tensor<3x2xf32> {
  %0 = stablehlo.complex %a, %b : tensor<8x2xcomplex<f32>>
  %1 = "stablehlo.gather"(%0, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 2>}> : (tensor<8x2xcomplex<f32>>, tensor<3xi32>) -> tensor<3x2xcomplex<f32>>
  %2 = stablehlo.real %1 : (tensor<3x2xcomplex<f32>>) -> tensor<3x2xf32>
  return %2 : tensor<3x2xf32>
}
// CHECK: "stablehlo.gather"(%arg0, %arg2)
// CHECK-SAME: -> tensor<3x2xf32>
// CHECK-NOT: complex
// -----
// CASE: a product is four
func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>, %d: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.complex %a, %b : tensor<4xcomplex<f32>>
  %1 = stablehlo.complex %c, %d : tensor<4xcomplex<f32>>
  %2 = stablehlo.multiply %0, %1 : tensor<4xcomplex<f32>>
  %3 = stablehlo.real %2 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %4 = stablehlo.imag %2 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  return %3, %4 : tensor<4xf32>, tensor<4xf32>
}
// CHECK-DAG: %[[AC:.*]] = stablehlo.multiply %arg0, %arg2
// CHECK-DAG: %[[BD:.*]] = stablehlo.multiply %arg1, %arg3
// CHECK-DAG: stablehlo.subtract %[[AC]], %[[BD]]
// CHECK-DAG: %[[AD:.*]] = stablehlo.multiply %arg0, %arg3
// CHECK-DAG: %[[BC:.*]] = stablehlo.multiply %arg1, %arg2
// CHECK-DAG: stablehlo.add %[[AD]], %[[BC]]
// -----
// CASE: a product with what is real is two
func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<4xf32>
  %0 = stablehlo.complex %a, %b : tensor<4xcomplex<f32>>
  %1 = stablehlo.complex %c, %zero : tensor<4xcomplex<f32>>
  %2 = stablehlo.multiply %0, %1 : tensor<4xcomplex<f32>>
  %3 = stablehlo.multiply %1, %0 : tensor<4xcomplex<f32>>
  %4 = stablehlo.real %2 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %5 = stablehlo.imag %2 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %6 = stablehlo.imag %3 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  return %4, %5, %6 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// CHECK-COUNT-3: stablehlo.multiply
// CHECK-NEXT: return
// -----
// CASE: a product of matrices
func.func @main(%a: tensor<3x4xf32>, %b: tensor<4x2xf32>) -> tensor<3x2xf32> {
  %0 = stablehlo.complex %a, %a : tensor<3x4xcomplex<f32>>
  %1 = stablehlo.complex %b, %b : tensor<4x2xcomplex<f32>>
  %2 = stablehlo.dot_general %0, %1, contracting_dims = [1] x [0] : (tensor<3x4xcomplex<f32>>, tensor<4x2xcomplex<f32>>) -> tensor<3x2xcomplex<f32>>
  %3 = stablehlo.imag %2 : (tensor<3x2xcomplex<f32>>) -> tensor<3x2xf32>
  return %3 : tensor<3x2xf32>
}
// CHECK-COUNT-2: stablehlo.dot_general {{.*}} -> tensor<3x2xf32>
// CHECK-NEXT: stablehlo.add
// -----
// CASE: a quotient is a product with the conjugate
func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>, %d: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.complex %a, %b : tensor<4xcomplex<f32>>
  %1 = stablehlo.complex %c, %d : tensor<4xcomplex<f32>>
  %2 = stablehlo.divide %0, %1 : tensor<4xcomplex<f32>>
  %3 = stablehlo.real %2 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %4 = stablehlo.imag %2 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  return %3, %4 : tensor<4xf32>, tensor<4xf32>
}
// CHECK: stablehlo.negate %arg3
// CHECK-COUNT-2: stablehlo.divide {{.*}} : tensor<4xf32>
// CHECK-NOT: stablehlo.divide
// -----
// CASE: a quotient by what is real
func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<4xf32>
  %0 = stablehlo.complex %a, %b : tensor<4xcomplex<f32>>
  %1 = stablehlo.complex %c, %zero : tensor<4xcomplex<f32>>
  %2 = stablehlo.divide %0, %1 : tensor<4xcomplex<f32>>
  %3 = stablehlo.real %2 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %4 = stablehlo.imag %2 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  return %3, %4 : tensor<4xf32>, tensor<4xf32>
}
// CHECK-DAG: stablehlo.divide %arg0, %arg2
// CHECK-DAG: stablehlo.divide %arg1, %arg2
// CHECK-NOT: stablehlo.multiply
// -----
// CASE: the exponential of a complex number, and of an angle alone
func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<4xf32>
  %0 = stablehlo.complex %a, %b : tensor<4xcomplex<f32>>
  %1 = stablehlo.complex %zero, %b : tensor<4xcomplex<f32>>
  %2 = stablehlo.exponential %0 : tensor<4xcomplex<f32>>
  %3 = stablehlo.exponential %1 : tensor<4xcomplex<f32>>
  %4 = stablehlo.real %2 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %5 = stablehlo.imag %3 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  return %4, %5 : tensor<4xf32>, tensor<4xf32>
}
// CHECK-DAG: %[[C:.*]] = stablehlo.cosine %arg1
// CHECK-DAG: %[[E:.*]] = stablehlo.exponential %arg0
// CHECK-DAG: stablehlo.multiply %[[E]], %[[C]]
// CHECK-DAG: %[[S:.*]] = stablehlo.sine %arg1
// CHECK: return {{.*}}, %[[S]]
// -----
// CASE: the sum over a dimension
func.func @main(%a: tensor<3x4xf32>, %b: tensor<3x4xf32>) -> tensor<3xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %z = stablehlo.complex %zero, %zero : tensor<complex<f32>>
  %0 = stablehlo.complex %a, %b : tensor<3x4xcomplex<f32>>
  %1 = stablehlo.reduce(%0 init: %z) applies stablehlo.add across dimensions = [1] : (tensor<3x4xcomplex<f32>>, tensor<complex<f32>>) -> tensor<3xcomplex<f32>>
  %2 = stablehlo.imag %1 : (tensor<3xcomplex<f32>>) -> tensor<3xf32>
  return %2 : tensor<3xf32>
}
// CHECK: stablehlo.reduce(%arg1
// CHECK-SAME: stablehlo.add across dimensions = [1]
// CHECK-NOT: complex
// -----
// CASE: numbers are equal where both parts are, and differ where one does
func.func @main(%a: tensor<4xi32>, %b: tensor<4xi32>, %c: tensor<4xi32>) -> (tensor<4xi1>, tensor<4xi1>) {
  %0 = stablehlo.convert %a : (tensor<4xi32>) -> tensor<4xf32>
  %1 = stablehlo.convert %b : (tensor<4xi32>) -> tensor<4xf32>
  %2 = stablehlo.convert %c : (tensor<4xi32>) -> tensor<4xf32>
  %3 = stablehlo.complex %0, %1 : tensor<4xcomplex<f32>>
  %4 = stablehlo.complex %0, %2 : tensor<4xcomplex<f32>>
  %5 = stablehlo.compare EQ, %3, %4 : (tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>) -> tensor<4xi1>
  %6 = stablehlo.compare NE, %3, %4 : (tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>) -> tensor<4xi1>
  return %5, %6 : tensor<4xi1>, tensor<4xi1>
}
// CHECK-COUNT-2: stablehlo.compare EQ
// CHECK-NEXT: stablehlo.and
// CHECK-COUNT-2: stablehlo.compare NE
// CHECK-NEXT: stablehlo.or
// -----
// CASE: a composite that is handed complex numbers is its decomposition, and one that is not stays
func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.complex %a, %b : tensor<4xcomplex<f32>>
  %1 = stablehlo.composite "acme.turn" %0 {decomposition = @acme.turn} : (tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>>
  %2 = stablehlo.imag %1 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  %3 = stablehlo.composite "acme.size" %2 {decomposition = @acme.size} : (tensor<4xf32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}
func.func private @acme.turn(%z: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
  %0 = stablehlo.negate %z : tensor<4xcomplex<f32>>
  return %0 : tensor<4xcomplex<f32>>
}
func.func private @acme.size(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.complex %x, %x : tensor<4xcomplex<f32>>
  %1 = stablehlo.multiply %0, %0 : tensor<4xcomplex<f32>>
  %2 = stablehlo.imag %1 : (tensor<4xcomplex<f32>>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}
// CHECK: %0 = stablehlo.negate %arg1
// CHECK-NEXT: stablehlo.composite "acme.size" %0
// CHECK-NOT: complex
// CHECK-NOT: acme.turn
// -----
// CASE: real numbers
func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<f32>, tensor<4xi1>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.composite "acme.quotient" %a, %b {decomposition = @acme.quotient} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = stablehlo.exponential %0 : tensor<4xf32>
  %2 = stablehlo.multiply %1, %a : tensor<4xf32>
  %3 = stablehlo.add %2, %a : tensor<4xf32>
  %4 = stablehlo.reduce(%3 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
  %5 = stablehlo.compare EQ, %2, %3 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  return %4, %5 : tensor<f32>, tensor<4xi1>
}
func.func private @acme.quotient(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.divide %a, %b : tensor<4xf32>
  return %0 : tensor<4xf32>
}
// UNCHANGED
// DECLINES(border): what goes in and comes out is real
// DECLINES(exponential): the numbers are real
// DECLINES(product): the numbers are real
// DECLINES(both-parts): the numbers are real
// DECLINES(total): the numbers are real
// DECLINES(quotient): the numbers are real
// DECLINES(comparison): the numbers are real
// -----
// CASE: what has no rule stays, and all that is computed from it
func.func @main(%a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<f32>, tensor<4xi1>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %z = stablehlo.complex %zero, %zero : tensor<complex<f32>>
  %0 = stablehlo.complex %a, %b : tensor<4xcomplex<f32>>
  %1 = stablehlo.log %0 : tensor<4xcomplex<f32>>
  %2 = stablehlo.exponential %1 : tensor<4xcomplex<f32>>
  %3 = stablehlo.multiply %2, %0 : tensor<4xcomplex<f32>>
  %4 = stablehlo.divide %3, %0 : tensor<4xcomplex<f32>>
  %5 = stablehlo.add %4, %0 : tensor<4xcomplex<f32>>
  %6 = stablehlo.compare EQ, %5, %0 : (tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>) -> tensor<4xi1>
  %7 = stablehlo.reduce(%5 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<4xcomplex<f32>>, tensor<complex<f32>>) -> tensor<complex<f32>>
  %8 = stablehlo.real %7 : (tensor<complex<f32>>) -> tensor<f32>
  return %8, %6 : tensor<f32>, tensor<4xi1>
}
// UNCHANGED
// DECLINES(exponential): the exponent is not made of two parts
// DECLINES(product): a factor is not made of two parts
// DECLINES(quotient): dividend or divisor is not made of two parts
// DECLINES(both-parts): an operand is not made of two parts
// DECLINES(comparison): what is compared is not made of two parts
// DECLINES(total): what is added is not made of two parts, or the sum does not begin with zero
// DECLINES(part): the number is not made of two parts
// -----
// CASE: a product over a dimension
func.func @main(%a: tensor<3x4xf32>, %b: tensor<3x4xf32>) -> tensor<3xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %unit = stablehlo.constant dense<1.0> : tensor<f32>
  %z = stablehlo.complex %unit, %zero : tensor<complex<f32>>
  %0 = stablehlo.complex %a, %b : tensor<3x4xcomplex<f32>>
  %1 = stablehlo.reduce(%0 init: %z) applies stablehlo.multiply across dimensions = [1] : (tensor<3x4xcomplex<f32>>, tensor<complex<f32>>) -> tensor<3xcomplex<f32>>
  %2 = stablehlo.imag %1 : (tensor<3xcomplex<f32>>) -> tensor<3xf32>
  return %2 : tensor<3xf32>
}
// DECLINES(total): it does more than add
