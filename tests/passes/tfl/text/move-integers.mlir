// RUN: litewright opt %s -p move-integers
// CASE: zeros are put between integers
// WITHIN: integers of 8 bits
func.func @main(%x: tensor<1x4x4x3xf32>) -> tensor<1x6x6x3xf32> {
  %p = "tfl.pseudo_const"() {value = dense<[[0, 0], [1, 1], [1, 1], [0, 0]]> : tensor<4x2xi32>} : () -> tensor<4x2xi32>
  %0 = "tfl.quantize"(%x) {qtype = tensor<1x4x4x3x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<1x4x4x3xf32>) -> tensor<1x4x4x3x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<1x4x4x3x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<1x4x4x3xf32>
  %2 = "tfl.pad"(%1, %p) : (tensor<1x4x4x3xf32>, tensor<4x2xi32>) -> tensor<1x6x6x3xf32>
  return %2 : tensor<1x6x6x3xf32>
}
// CHECK: %[[Q:.*]] = "tfl.quantize"(%arg0)
// CHECK: %[[P:.*]] = "tfl.pad"(%[[Q]], %{{.*}}) : {{.*}} -> tensor<1x6x6x3x!quant.uniform<i8:f32, 3.0e-02:5>>
// CHECK-NEXT: "tfl.dequantize"(%[[P]])

// -----
// CASE: one move after another, those of others untouched
// WITHIN: integers of 8 bits
func.func @main(%x: tensor<2x4x3xf32>) -> (tensor<3x8xf32>, tensor<2x4x3xf32>) {
  %s = "tfl.pseudo_const"() {value = dense<[8, 3]> : tensor<2xi32>} : () -> tensor<2xi32>
  %t = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.quantize"(%x) {qtype = tensor<2x4x3x!quant.uniform<i8:f32, 3.0e-02:5>>} : (tensor<2x4x3xf32>) -> tensor<2x4x3x!quant.uniform<i8:f32, 3.0e-02:5>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x4x3x!quant.uniform<i8:f32, 3.0e-02:5>>) -> tensor<2x4x3xf32>
  %2 = "tfl.reshape"(%1, %s) : (tensor<2x4x3xf32>, tensor<2xi32>) -> tensor<8x3xf32>
  %3 = "tfl.transpose"(%2, %t) : (tensor<8x3xf32>, tensor<2xi32>) -> tensor<3x8xf32>
  return %3, %1 : tensor<3x8xf32>, tensor<2x4x3xf32>
}
// CHECK: "tfl.reshape"(%{{.*}}) : {{.*}} -> tensor<8x3x!quant.uniform<i8:f32, 3.0e-02:5>>
// CHECK: "tfl.transpose"(%{{.*}}) : {{.*}} -> tensor<3x8x!quant.uniform<i8:f32, 3.0e-02:5>>
// CHECK: "tfl.dequantize"

// -----
// CASE: what an op has made becomes integers before it is moved
// WITHIN: integers of 8 bits
func.func @main(%x: tensor<4x3xf32>, %y: tensor<4x3xf32>) -> tensor<3x4xf32> {
  %t = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.add"(%x, %y) {fused_activation_function = "NONE"} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  %1 = "tfl.transpose"(%0, %t) : (tensor<4x3xf32>, tensor<2xi32>) -> tensor<3x4xf32>
  %2 = "tfl.quantize"(%1) {qtype = tensor<3x4x!quant.uniform<i8:f32, 5.0e-02>>} : (tensor<3x4xf32>) -> tensor<3x4x!quant.uniform<i8:f32, 5.0e-02>>
  %3 = "tfl.dequantize"(%2) : (tensor<3x4x!quant.uniform<i8:f32, 5.0e-02>>) -> tensor<3x4xf32>
  return %3 : tensor<3x4xf32>
}
// CHECK: %[[S:.*]] = "tfl.add"
// CHECK: %[[Q:.*]] = "tfl.quantize"(%[[S]])
// CHECK: %[[T:.*]] = "tfl.transpose"(%[[Q]]
// CHECK-NEXT: "tfl.dequantize"(%[[T]])

// -----
// CASE: floats are moved as they are, and an input of the signature too
// DECLINES(dequantize-behind): what is moved was no integer of one scale
// DECLINES(quantize-in-front): no op that computes in integers makes what is moved
func.func @main(%x: tensor<4x3xf32>) -> tensor<3x4x!quant.uniform<i8:f32, 5.0e-02>> {
  %t = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.transpose"(%x, %t) : (tensor<4x3xf32>, tensor<2xi32>) -> tensor<3x4xf32>
  %2 = "tfl.quantize"(%1) {qtype = tensor<3x4x!quant.uniform<i8:f32, 5.0e-02>>} : (tensor<3x4xf32>) -> tensor<3x4x!quant.uniform<i8:f32, 5.0e-02>>
  return %2 : tensor<3x4x!quant.uniform<i8:f32, 5.0e-02>>
}

// -----
// CASE: unsigned integers
// DECLINES(dequantize-behind): the runtime does not move such integers
func.func @main(%x: tensor<4x3x!quant.uniform<u8:f32, 5.0e-02:7>>) -> tensor<3x4xf32> {
  %t = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.dequantize"(%x) : (tensor<4x3x!quant.uniform<u8:f32, 5.0e-02:7>>) -> tensor<4x3xf32>
  %2 = "tfl.transpose"(%1, %t) : (tensor<4x3xf32>, tensor<2xi32>) -> tensor<3x4xf32>
  return %2 : tensor<3x4xf32>
}

// -----
// CASE: integers of 16 bits have no zero point
// DECLINES(quantize-in-front): the runtime does not move such integers
func.func @main(%x: tensor<4x3xf32>, %y: tensor<4x3xf32>) -> tensor<3x4x!quant.uniform<i16:f32, 5.0e-04:7>> {
  %t = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.add"(%x, %y) {fused_activation_function = "NONE"} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  %1 = "tfl.transpose"(%0, %t) : (tensor<4x3xf32>, tensor<2xi32>) -> tensor<3x4xf32>
  %2 = "tfl.quantize"(%1) {qtype = tensor<3x4x!quant.uniform<i16:f32, 5.0e-04:7>>} : (tensor<3x4xf32>) -> tensor<3x4x!quant.uniform<i16:f32, 5.0e-04:7>>
  return %2 : tensor<3x4x!quant.uniform<i16:f32, 5.0e-04:7>>
}

// -----
// CASE: the floats are a result too
// DECLINES(quantize-in-front): the floats are read elsewhere too
func.func @main(%x: tensor<4x3xf32>, %y: tensor<4x3xf32>) -> (tensor<3x4x!quant.uniform<i8:f32, 5.0e-02>>, tensor<4x3xf32>) {
  %t = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.add"(%x, %y) {fused_activation_function = "NONE"} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  %1 = "tfl.transpose"(%0, %t) : (tensor<4x3xf32>, tensor<2xi32>) -> tensor<3x4xf32>
  %2 = "tfl.quantize"(%1) {qtype = tensor<3x4x!quant.uniform<i8:f32, 5.0e-02>>} : (tensor<3x4xf32>) -> tensor<3x4x!quant.uniform<i8:f32, 5.0e-02>>
  return %2, %0 : tensor<3x4x!quant.uniform<i8:f32, 5.0e-02>>, tensor<4x3xf32>
}

// -----
// CASE: nothing is moved
// DECLINES(quantize-in-front): what becomes an integer was not moved
func.func @main(%x: tensor<4x3xf32>) -> tensor<4x3x!quant.uniform<i8:f32, 5.0e-02>> {
  %2 = "tfl.quantize"(%x) {qtype = tensor<4x3x!quant.uniform<i8:f32, 5.0e-02>>} : (tensor<4x3xf32>) -> tensor<4x3x!quant.uniform<i8:f32, 5.0e-02>>
  return %2 : tensor<4x3x!quant.uniform<i8:f32, 5.0e-02>>
}
