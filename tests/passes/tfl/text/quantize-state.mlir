// RUN: litewright opt %s -p quantize-state
// CASE: a cache that is written in place: what is written becomes integers before
// WITHIN: integers of 8 bits
func.func @main(
    %cache: tensor<1x8x4xf32> {litewright.name = "cache", litewright.range = [-3.0, 4.0]},
    %update: tensor<1x1x4xf32> {litewright.name = "update"}) -> (tensor<1x8x4xf32> {litewright.name = "cache"}) {
  %start = "tfl.pseudo_const"() {value = dense<[0, 3, 0]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.dynamic_update_slice"(%cache, %update, %start) : (tensor<1x8x4xf32>, tensor<1x1x4xf32>, tensor<3xi32>) -> tensor<1x8x4xf32>
  return %0 : tensor<1x8x4xf32>
}
// CHECK: %arg0: tensor<1x8x4x!quant.uniform<i8:f32, 3.14960{{[0-9]*}}e-02>>
// CHECK: -> (tensor<1x8x4x!quant.uniform<i8:f32, 3.14960{{[0-9]*}}e-02>> {litewright.name = "cache"})
// CHECK: %[[CACHE:.*]] = "tfl.dequantize"(%arg0)
// CHECK: %[[STEPS:.*]] = "tfl.quantize"(%arg1)
// CHECK: %[[UPDATE:.*]] = "tfl.dequantize"(%[[STEPS]])
// CHECK: %[[WRITTEN:.*]] = "tfl.dynamic_update_slice"(%[[CACHE]], %[[UPDATE]],
// CHECK: %[[STATE:.*]] = "tfl.quantize"(%[[WRITTEN]])
// CHECK: return %[[STATE]]

// -----
// CASE: what reads the state behind its change reads floats of the integers
// WITHIN: integers of 8 bits
func.func @main(
    %sum: tensor<2x4xf32> {litewright.name = "sum"}, %x: tensor<2x4xf32> {litewright.name = "x"})
    -> (tensor<2x4xf32> {litewright.name = "sum"}, tensor<2x4xf32> {litewright.name = "y"}) {
  %0 = "tfl.add"(%sum, %x) {fused_activation_function = "NONE", litewright.range = [[-5.0, 5.0]]} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = "tfl.abs"(%0) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0, %1 : tensor<2x4xf32>, tensor<2x4xf32>
}
// CHECK: %[[BEFORE:.*]] = "tfl.dequantize"(%arg0)
// CHECK: %[[SUM:.*]] = "tfl.add"(%[[BEFORE]], %arg1)
// CHECK: %[[STATE:.*]] = "tfl.quantize"(%[[SUM]])
// CHECK: %[[AGAIN:.*]] = "tfl.dequantize"(%[[STATE]])
// CHECK: %[[Y:.*]] = "tfl.abs"(%[[AGAIN]])
// CHECK: return %[[STATE]], %[[Y]]

// -----
// CASE: state that is handed on as it is
// WITHIN: integers of 8 bits
func.func @main(%s: tensor<2x4xf32> {litewright.name = "s", litewright.range = [-4.0, 4.0]}) -> (tensor<2x4xf32> {litewright.name = "s"}) {
  return %s : tensor<2x4xf32>
}
// CHECK: return %{{.*}} : tensor<2x4x!quant.uniform<i8:f32, 3.14960{{[0-9]*}}e-02>>

// -----
// CASE: one scale for all signatures, which covers what any of them has shown
// WITHIN: static int8 model
func.func @prefill(
    %s: tensor<2x4xf32> {litewright.name = "s", litewright.range = [-5.0, 1.0]}, %x: tensor<2x4xf32> {litewright.name = "x"})
    -> (tensor<2x4xf32> {litewright.name = "s"}) {
  %0 = "tfl.maximum"(%s, %x) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
func.func @decode(
    %s: tensor<2x4xf32> {litewright.name = "s", litewright.range = [-1.0, 4.0]}, %x: tensor<2x4xf32> {litewright.name = "x"})
    -> (tensor<2x4xf32> {litewright.name = "s"}) {
  %0 = "tfl.minimum"(%s, %x) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
// CHECK: @prefill(%arg0: tensor<2x4x!quant.uniform<i8:f32, 3.93700{{[0-9]*}}e-02>>
// CHECK: @decode(%arg0: tensor<2x4x!quant.uniform<i8:f32, 3.93700{{[0-9]*}}e-02>>

// -----
// CASE: where no range is known it stays float, and that is told
func.func @main(%s: tensor<2x4xf32> {litewright.name = "s"}, %x: tensor<2x4xf32> {litewright.name = "x"}) -> (tensor<2x4xf32> {litewright.name = "s"}) {
  %0 = "tfl.maximum"(%s, %x) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
// CHECK: litewright.quant_notes = ["s: state stays float: no range of it is known"]
// CHECK-NOT: quant.uniform

// -----
// CASE: what comes out under another name is no state
// UNCHANGED
func.func @main(%s: tensor<2x4xf32> {litewright.name = "s", litewright.range = [-4.0, 4.0]}) -> (tensor<2x4xf32> {litewright.name = "y"}) {
  %0 = "tfl.abs"(%s) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----
// CASE: what comes out in another shape is no state
// UNCHANGED
func.func @main(%s: tensor<2x4xf32> {litewright.name = "s", litewright.range = [-4.0, 4.0]}) -> (tensor<4x2xf32> {litewright.name = "s"}) {
  %shape = "tfl.pseudo_const"() {value = dense<[4, 2]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.reshape"(%s, %shape) : (tensor<2x4xf32>, tensor<2xi32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----
// CASE: counters are integers already
// UNCHANGED
func.func @main(%n: tensor<1xi32> {litewright.name = "n"}) -> (tensor<1xi32> {litewright.name = "n"}) {
  %one = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.add"(%n, %one) {fused_activation_function = "NONE"} : (tensor<1xi32>, tensor<1xi32>) -> tensor<1xi32>
  return %0 : tensor<1xi32>
}
