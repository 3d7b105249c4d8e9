// RUN: litewright opt %s -p inline-composites
// CASE: nobody knows it
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.composite "acme.swish" %x {composite_attributes = {beta = 2.0 : f32}, decomposition = @swish} : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
func.func private @swish(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.logistic %x : tensor<2xf32>
  %1 = stablehlo.multiply %x, %0 : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// CHECK: func.func
// CHECK-NEXT: [[A:%.+]] = stablehlo.logistic %arg0
// CHECK-NEXT: stablehlo.multiply %arg0, [[A]]
// CHECK-NOT: func.func private
// -----
// CASE: one inside of another, and one decomposition of two
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.composite "acme.outer" %x {composite_attributes = {}, decomposition = @outer} : (tensor<2xf32>) -> tensor<2xf32>
  %1 = stablehlo.composite "acme.inner" %0 {composite_attributes = {}, decomposition = @inner} : (tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
func.func private @outer(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.composite "acme.inner" %x {composite_attributes = {}, decomposition = @inner} : (tensor<2xf32>) -> tensor<2xf32>
  %1 = stablehlo.tanh %0 : tensor<2xf32>
  return %1 : tensor<2xf32>
}
func.func private @inner(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.logistic %x : tensor<2xf32>
  return %0 : tensor<2xf32>
}
// CHECK: func.func
// CHECK-NEXT: [[A:%.+]] = stablehlo.logistic %arg0
// CHECK-NEXT: [[B:%.+]] = stablehlo.tanh [[A]]
// CHECK-NEXT: stablehlo.logistic [[B]]
// CHECK-NOT: func.func private
// -----
// CASE: a legalisation starts from it
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.composite "aten.gelu" %x {composite_attributes = {approximate = "none"}, decomposition = @gelu} : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
func.func private @gelu(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = stablehlo.logistic %x : tensor<2xf32>
  %1 = stablehlo.multiply %x, %0 : tensor<2xf32>
  return %1 : tensor<2xf32>
}
// DECLINES(inline-composites): somebody knows it as a whole
// UNCHANGED
