// RUN: litewright opt %s -p show-integers
// CASE: an input that becomes integers at once, and a result that was integers until the end
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = "tfl.quantize"(%x) {qtype = tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>} : (tensor<1x4xf32>) -> tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>
  %1 = "tfl.tanh"(%0) : (tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>) -> tensor<1x4x!quant.uniform<i8:f32, 7.8125e-03>>
  %2 = "tfl.dequantize"(%1) : (tensor<1x4x!quant.uniform<i8:f32, 7.8125e-03>>) -> tensor<1x4xf32>
  return %2 : tensor<1x4xf32>
}
// CHECK: @main(%arg0: tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>{{.*}} -> (tensor<1x4x!quant.uniform<i8:f32, 7.8125e-03>>
// CHECK-NEXT: %[[Y:.*]] = "tfl.tanh"(%arg0)
// CHECK-NEXT: return %[[Y]]

// -----
// CASE: all readers of an input make the same integers of it
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = "tfl.quantize"(%x) {qtype = tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>} : (tensor<1x4xf32>) -> tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>
  %1 = "tfl.quantize"(%x) {qtype = tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>} : (tensor<1x4xf32>) -> tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>
  %2 = "tfl.add"(%0, %1) {fused_activation_function = "NONE"} : (tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>, tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>) -> tensor<1x4x!quant.uniform<i8:f32, 6.0e-02:3>>
  %3 = "tfl.dequantize"(%2) : (tensor<1x4x!quant.uniform<i8:f32, 6.0e-02:3>>) -> tensor<1x4xf32>
  %4 = "tfl.sin"(%3) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %4 : tensor<1x4xf32>
}
// CHECK: @main(%arg0: tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>{{.*}} -> (tensor<1x4xf32>
// CHECK-NOT: "tfl.quantize"
// CHECK: "tfl.add"(%arg0, %arg0)

// -----
// CASE: a result of floats beside one of integers
func.func @main(%x: tensor<1x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>) {
  %0 = "tfl.sin"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = "tfl.quantize"(%0) {qtype = tensor<1x4x!quant.uniform<i8:f32, 7.8125e-03>>} : (tensor<1x4xf32>) -> tensor<1x4x!quant.uniform<i8:f32, 7.8125e-03>>
  %2 = "tfl.dequantize"(%1) : (tensor<1x4x!quant.uniform<i8:f32, 7.8125e-03>>) -> tensor<1x4xf32>
  return %0, %2 : tensor<1x4xf32>, tensor<1x4xf32>
}
// CHECK: -> (tensor<1x4xf32> {{.*}}, tensor<1x4x!quant.uniform<i8:f32, 7.8125e-03>>
// CHECK: %[[FLOATS:.*]] = "tfl.sin"(%arg0)
// CHECK: %[[STEPS:.*]] = "tfl.quantize"(%[[FLOATS]])
// CHECK: return %[[FLOATS]], %[[STEPS]]

// -----
// CASE: an input that is read as floats too
// UNCHANGED
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = "tfl.quantize"(%x) {qtype = tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>} : (tensor<1x4xf32>) -> tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>
  %1 = "tfl.dequantize"(%0) : (tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>) -> tensor<1x4xf32>
  %2 = "tfl.sub"(%x, %1) {fused_activation_function = "NONE"} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %2 : tensor<1x4xf32>
}

// -----
// CASE: an input of which two kinds of integers are made
// UNCHANGED
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = "tfl.quantize"(%x) {qtype = tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>} : (tensor<1x4xf32>) -> tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>
  %1 = "tfl.quantize"(%x) {qtype = tensor<1x4x!quant.uniform<i8:f32, 5.0e-02>>} : (tensor<1x4xf32>) -> tensor<1x4x!quant.uniform<i8:f32, 5.0e-02>>
  %2 = "tfl.dequantize"(%0) : (tensor<1x4x!quant.uniform<i8:f32, 3.0e-02:3>>) -> tensor<1x4xf32>
  %3 = "tfl.dequantize"(%1) : (tensor<1x4x!quant.uniform<i8:f32, 5.0e-02>>) -> tensor<1x4xf32>
  %4 = "tfl.sub"(%2, %3) {fused_activation_function = "NONE"} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %4 : tensor<1x4xf32>
}

// -----
// CASE: an input that nobody reads
// UNCHANGED
func.func @main(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %0 = "tfl.sin"(%y) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}

// -----
// CASE: a weight is returned as the floats that it stands for
// UNCHANGED
func.func @main(%x: tensor<2x64xf32> {litewright.name = "x"}, %w: tensor<3x64xi8> {litewright.weight = "w", litewright.quant = {scales = "s", axis = 0 : i32}})
    -> (tensor<2x64xf32> {litewright.name = "y"}, tensor<3x64xf32> {litewright.name = "w"}) {
  %0 = "tfl.sin"(%x) : (tensor<2x64xf32>) -> tensor<2x64xf32>
  %1 = "tfl.dequantize"(%w) : (tensor<3x64xi8>) -> tensor<3x64xf32>
  return %0, %1 : tensor<2x64xf32>, tensor<3x64xf32>
}
