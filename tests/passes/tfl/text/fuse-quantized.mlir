// RUN: litewright opt %s -p fuse-quantized
// CASE: an op between DEQUANTIZE and QUANTIZE computes in integers
// WITHIN: integers of 8 bits
func.func @main(%x: tensor<2x8xf32>, %y: tensor<1x8xf32>) -> tensor<2x8xf32> {
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x8x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x8xf32>) -> tensor<2x8x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.quantize"(%y) {qtype = tensor<1x8x!quant.uniform<i8:f32, 2.5e-02>>} : (tensor<1x8xf32>) -> tensor<1x8x!quant.uniform<i8:f32, 2.5e-02>>
  %2 = "tfl.dequantize"(%0) : (tensor<2x8x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x8xf32>
  %3 = "tfl.dequantize"(%1) : (tensor<1x8x!quant.uniform<i8:f32, 2.5e-02>>) -> tensor<1x8xf32>
  %4 = "tfl.add"(%2, %3) {fused_activation_function = "RELU"} : (tensor<2x8xf32>, tensor<1x8xf32>) -> tensor<2x8xf32>
  %5 = "tfl.quantize"(%4) {qtype = tensor<2x8x!quant.uniform<i8:f32, 1.5e-02:-128>>} : (tensor<2x8xf32>) -> tensor<2x8x!quant.uniform<i8:f32, 1.5e-02:-128>>
  %6 = "tfl.dequantize"(%5) : (tensor<2x8x!quant.uniform<i8:f32, 1.5e-02:-128>>) -> tensor<2x8xf32>
  return %6 : tensor<2x8xf32>
}
// CHECK: %[[X:.*]] = "tfl.quantize"(%arg0)
// CHECK: %[[Y:.*]] = "tfl.quantize"(%arg1)
// CHECK: %[[SUM:.*]] = "tfl.add"(%[[X]], %[[Y]]) {fused_activation_function = "RELU"} {{.*}} -> tensor<2x8x!quant.uniform<i8:f32, 1.5e-02:-128>>
// CHECK-NEXT: "tfl.dequantize"(%[[SUM]])

// -----
// CASE: weights and bias become integers, the bias in steps of the products
// WITHIN: integers of 8 bits
func.func @main(
    %x: tensor<2x64xf32> {litewright.name = "x"},
    %w: tensor<3x64xi8> {litewright.weight = "w", litewright.quant = {scales = "s", axis = 0 : i32}},
    %b: tensor<3xf32> {litewright.weight = "b"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x64x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x64xf32>) -> tensor<2x64x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x64x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x64xf32>
  %2 = "tfl.dequantize"(%w) : (tensor<3x64xi8>) -> tensor<3x64xf32>
  %3 = "tfl.fully_connected"(%1, %2, %b) {fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"} : (tensor<2x64xf32>, tensor<3x64xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %4 = "tfl.quantize"(%3) {qtype = tensor<2x3x!quant.uniform<i8:f32, 2.0e-02:-5>>} : (tensor<2x3xf32>) -> tensor<2x3x!quant.uniform<i8:f32, 2.0e-02:-5>>
  %5 = "tfl.dequantize"(%4) : (tensor<2x3x!quant.uniform<i8:f32, 2.0e-02:-5>>) -> tensor<2x3xf32>
  return %5 : tensor<2x3xf32>
}
// CHECK: %arg2: tensor<3xi32> {litewright.quant = {axis = 0 : i32, scales = "multiply(s, literal:{{.*}})"}, litewright.weight = "bias(b, multiply(s, literal:{{.*}}), int32)"})
// CHECK: "tfl.fully_connected"(%{{.*}}, %arg1, %arg2)

// -----
// CASE: with activations of 16 bits, the bias has 64
// WITHIN: integers of 16 bits
func.func @main(
    %x: tensor<2x64xf32> {litewright.name = "x"},
    %w: tensor<3x64xi8> {litewright.weight = "w", litewright.quant = {scales = "s", axis = 0 : i32}})
    -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %b = "tfl.pseudo_const"() {value = dense<[0.5, -0.25, 0.125]> : tensor<3xf32>} : () -> tensor<3xf32>
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x64x!quant.uniform<i16:f32, 1.5e-04>>} : (tensor<2x64xf32>) -> tensor<2x64x!quant.uniform<i16:f32, 1.5e-04>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x64x!quant.uniform<i16:f32, 1.5e-04>>) -> tensor<2x64xf32>
  %2 = "tfl.dequantize"(%w) : (tensor<3x64xi8>) -> tensor<3x64xf32>
  %3 = "tfl.fully_connected"(%1, %2, %b) {fused_activation_function = "RELU", keep_num_dims = false, weights_format = "DEFAULT"} : (tensor<2x64xf32>, tensor<3x64xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %4 = "tfl.quantize"(%3) {qtype = tensor<2x3x!quant.uniform<i16:f32, 1.0e-04>>} : (tensor<2x3xf32>) -> tensor<2x3x!quant.uniform<i16:f32, 1.0e-04>>
  %5 = "tfl.dequantize"(%4) : (tensor<2x3x!quant.uniform<i16:f32, 1.0e-04>>) -> tensor<2x3xf32>
  return %5 : tensor<2x3xf32>
}
// CHECK: tensor<3xi64>
// CHECK: "tfl.fully_connected"(%{{.*}}, %arg1, %{{.*}}) {{.*}} -> tensor<2x3x!quant.uniform<i16:f32, 1.0e-04>>

// -----
// CASE: a constant that is quantised is an operand as well
// WITHIN: integers of 8 bits
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c = "tfl.pseudo_qconst"() {qtype = tensor<4x!quant.uniform<i8:f32, 1.0e-02>>, value = dense<[100, -50, 25, 1]> : tensor<4xi8>} : () -> tensor<4x!quant.uniform<i8:f32, 1.0e-02>>
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x4xf32>
  %2 = "tfl.dequantize"(%c) : (tensor<4x!quant.uniform<i8:f32, 1.0e-02>>) -> tensor<4xf32>
  %3 = "tfl.mul"(%1, %2) {fused_activation_function = "NONE"} : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %4 = "tfl.quantize"(%3) {qtype = tensor<2x4x!quant.uniform<i8:f32, 2.0e-02>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 2.0e-02>>
  %5 = "tfl.dequantize"(%4) : (tensor<2x4x!quant.uniform<i8:f32, 2.0e-02>>) -> tensor<2x4xf32>
  return %5 : tensor<2x4xf32>
}
// CHECK: %[[C:.*]] = "tfl.pseudo_qconst"
// CHECK: "tfl.mul"(%{{.*}}, %[[C]])

// -----
// CASE: what is quantised again as it was is left alone, and in another way in one op
// WITHIN: integers of 8 bits
func.func @main(%x: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x4xf32>
  %2 = "tfl.quantize"(%1) {qtype = tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>
  %3 = "tfl.dequantize"(%2) : (tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x4xf32>
  %4 = "tfl.quantize"(%1) {qtype = tensor<2x4x!quant.uniform<i8:f32, 1.5e-02>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 1.5e-02>>
  %5 = "tfl.dequantize"(%4) : (tensor<2x4x!quant.uniform<i8:f32, 1.5e-02>>) -> tensor<2x4xf32>
  return %3, %5 : tensor<2x4xf32>, tensor<2x4xf32>
}
// CHECK: %[[Q:.*]] = "tfl.quantize"(%arg0)
// CHECK-NEXT: "tfl.dequantize"(%[[Q]])
// CHECK-NEXT: %[[R:.*]] = "tfl.quantize"(%[[Q]]) {{.*}} -> tensor<2x4x!quant.uniform<i8:f32, 1.5e-02>>
// CHECK-NEXT: "tfl.dequantize"(%[[R]])

// -----
// CASE: floats that become integers are no integers before
// DECLINES(quantize-dequantized): no integers of one scale become others
// DECLINES(compute-in-integers): no op makes what becomes integers of one scale
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----
// CASE: integers of 8 bits become some of 16
// DECLINES(quantize-dequantized): the integers are of another size
// DECLINES(compute-in-integers): the runtime has no such op of integers
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x4xf32>
  %2 = "tfl.quantize"(%1) {qtype = tensor<2x4x!quant.uniform<i16:f32, 3.0e-04>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i16:f32, 3.0e-04>>
  %3 = "tfl.dequantize"(%2) : (tensor<2x4x!quant.uniform<i16:f32, 3.0e-04>>) -> tensor<2x4xf32>
  return %3 : tensor<2x4xf32>
}

// -----
// CASE: the floats are a result too
// DECLINES(compute-in-integers): the floats are read elsewhere too
func.func @main(%x: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x4xf32>
  %2 = "tfl.abs"(%1) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %3 = "tfl.quantize"(%2) {qtype = tensor<2x4x!quant.uniform<i8:f32, 3.0e-02>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 3.0e-02>>
  %4 = "tfl.dequantize"(%3) : (tensor<2x4x!quant.uniform<i8:f32, 3.0e-02>>) -> tensor<2x4xf32>
  return %2, %4 : tensor<2x4xf32>, tensor<2x4xf32>
}

// -----
// CASE: one operand is a float
// DECLINES(compute-in-integers): an operand is no integer of one scale
func.func @main(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x4xf32>
  %2 = "tfl.add"(%1, %y) {fused_activation_function = "NONE"} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %3 = "tfl.quantize"(%2) {qtype = tensor<2x4x!quant.uniform<i8:f32, 6.0e-02>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 6.0e-02>>
  %4 = "tfl.dequantize"(%3) : (tensor<2x4x!quant.uniform<i8:f32, 6.0e-02>>) -> tensor<2x4xf32>
  return %4 : tensor<2x4xf32>
}

// -----
// CASE: the weight stays a float
// DECLINES(compute-in-integers): the weight is no integer that kernels take
func.func @main(
    %x: tensor<2x64xf32> {litewright.name = "x"}, %w: tensor<3x64xf32> {litewright.weight = "w"})
    -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x64x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x64xf32>) -> tensor<2x64x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x64x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x64xf32>
  %2 = "tfl.fully_connected"(%1, %w, %none) {fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"} : (tensor<2x64xf32>, tensor<3x64xf32>, none) -> tensor<2x3xf32>
  %3 = "tfl.quantize"(%2) {qtype = tensor<2x3x!quant.uniform<i8:f32, 2.0e-01>>} : (tensor<2x3xf32>) -> tensor<2x3x!quant.uniform<i8:f32, 2.0e-01>>
  %4 = "tfl.dequantize"(%3) : (tensor<2x3x!quant.uniform<i8:f32, 2.0e-01>>) -> tensor<2x3xf32>
  return %4 : tensor<2x3xf32>
}

// -----
// CASE: the bias is computed
// DECLINES(compute-in-integers): the bias is no constant that its integers can hold
func.func @main(
    %x: tensor<2x64xf32> {litewright.name = "x"}, %b: tensor<3xf32> {litewright.name = "b"},
    %w: tensor<3x64xi8> {litewright.weight = "w", litewright.quant = {scales = "s", axis = 0 : i32}})
    -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x64x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x64xf32>) -> tensor<2x64x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x64x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x64xf32>
  %2 = "tfl.dequantize"(%w) : (tensor<3x64xi8>) -> tensor<3x64xf32>
  %3 = "tfl.fully_connected"(%1, %2, %b) {fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT"} : (tensor<2x64xf32>, tensor<3x64xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %4 = "tfl.quantize"(%3) {qtype = tensor<2x3x!quant.uniform<i8:f32, 2.0e-02:-5>>} : (tensor<2x3xf32>) -> tensor<2x3x!quant.uniform<i8:f32, 2.0e-02:-5>>
  %5 = "tfl.dequantize"(%4) : (tensor<2x3x!quant.uniform<i8:f32, 2.0e-02:-5>>) -> tensor<2x3xf32>
  return %5 : tensor<2x3xf32>
}

// -----
// CASE: a move of numbers does not change their scale
// DECLINES(compute-in-integers): the runtime does not compute it in integers
func.func @main(%x: tensor<2x4xf32>) -> tensor<8xf32> {
  %shape = "tfl.pseudo_const"() {value = dense<8> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x4x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x4xf32>
  %2 = "tfl.reshape"(%1, %shape) : (tensor<2x4xf32>, tensor<1xi32>) -> tensor<8xf32>
  %3 = "tfl.quantize"(%2) {qtype = tensor<8x!quant.uniform<i8:f32, 4.0e-02>>} : (tensor<8xf32>) -> tensor<8x!quant.uniform<i8:f32, 4.0e-02>>
  %4 = "tfl.dequantize"(%3) : (tensor<8x!quant.uniform<i8:f32, 4.0e-02>>) -> tensor<8xf32>
  return %4 : tensor<8xf32>
}
