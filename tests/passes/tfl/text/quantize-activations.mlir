// RUN: litewright opt %s -p quantize-activations
// CASE: products in a row hand each other integers; what is the second factor has no zero point
// WITHIN: static int8 model
func.func @main(
    %x: tensor<1x4x8xf32> {litewright.name = "x", litewright.range = [-3.0, 4.0]},
    %y: tensor<1x8x4xf32> {litewright.name = "y", litewright.range = [-4.0, 3.0]}) -> (tensor<1x4x8xf32> {litewright.name = "z"}) {
  %0 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  %1 = "tfl.batch_matmul"(%0, %x) {adj_x = false, adj_y = false, litewright.range = [[-30.0, 30.0]]} : (tensor<1x4x4xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return %1 : tensor<1x4x8xf32>
}
// CHECK-NOT: litewright.range
// CHECK-DAG: %[[QX:.*]] = "tfl.quantize"(%arg0){{.*}} -> tensor<1x4x8x!quant.uniform<i8:f32, 3.14960{{[0-9]*}}e-02>>
// CHECK-DAG: %[[X:.*]] = "tfl.dequantize"(%[[QX]])
// CHECK-DAG: %[[QY:.*]] = "tfl.quantize"(%arg1){{.*}} -> tensor<1x8x4x!quant.uniform<i8:f32, 3.14960{{[0-9]*}}e-02>>
// CHECK-DAG: %[[Y:.*]] = "tfl.dequantize"(%[[QY]])
// CHECK: %[[Z:.*]] = "tfl.batch_matmul"(%[[X]], %[[Y]])
// CHECK: %[[QZ:.*]] = "tfl.quantize"(%[[Z]])
// CHECK: %[[BETWEEN:.*]] = "tfl.dequantize"(%[[QZ]])
// CHECK: %[[END:.*]] = "tfl.batch_matmul"(%[[BETWEEN]], %[[X]])
// CHECK: %[[QE:.*]] = "tfl.quantize"(%[[END]])
// CHECK: %[[FLOATS:.*]] = "tfl.dequantize"(%[[QE]])
// CHECK: return %[[FLOATS]]

// -----
// CASE: a curve sets its own scale, and what moves numbers keeps that of what it moves
// WITHIN: static int8 model
func.func @main(
    %x: tensor<1x4x8xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]},
    %y: tensor<1x8x4xf32> {litewright.name = "y", litewright.range = [-4.0, 4.0]}) -> (tensor<16xf32> {litewright.name = "z"}) {
  %0 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  %1 = "tfl.logistic"(%0) {litewright.range = [[0.0, 1.0]]} : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %shape = "tfl.pseudo_const"() {value = dense<16> : tensor<1xi32>} : () -> tensor<1xi32>
  %2 = "tfl.reshape"(%1, %shape) {litewright.range = [[0.0, 1.0]]} : (tensor<1x4x4xf32>, tensor<1xi32>) -> tensor<16xf32>
  return %2 : tensor<16xf32>
}
// CHECK: %[[CURVE:.*]] = "tfl.logistic"(
// CHECK: "tfl.quantize"(%[[CURVE]]){{.*}} -> tensor<1x4x4x!quant.uniform<i8:f32, 3.90625e-03:-128>>
// CHECK: %[[MOVED:.*]] = "tfl.reshape"(
// CHECK: "tfl.quantize"(%[[MOVED]]){{.*}} -> tensor<16x!quant.uniform<i8:f32, 3.90625e-03:-128>>

// -----
// CASE: a constant factor becomes integers here
// WITHIN: static int8 model
func.func @main(%x: tensor<1x2x4xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]}) -> (tensor<1x2x2xf32> {litewright.name = "z"}) {
  %c = "tfl.pseudo_const"() {value = dense<[[[1.27, -1.27], [0.5, 0.25], [-0.01, 0.02], [0.0, 1.0]]]> : tensor<1x4x2xf32>} : () -> tensor<1x4x2xf32>
  %0 = "tfl.batch_matmul"(%x, %c) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x2x4xf32>, tensor<1x4x2xf32>) -> tensor<1x2x2xf32>
  return %0 : tensor<1x2x2xf32>
}
// CHECK: %[[C:.*]] = "tfl.pseudo_qconst"(){{.*}}dense<{{\[\[\[}}127, -127], [50, 25], [-1, 2], [0, 100]]]> : tensor<1x4x2xi8>
// CHECK: %[[FACTOR:.*]] = "tfl.dequantize"(%[[C]])
// CHECK: "tfl.batch_matmul"(%{{.*}}, %[[FACTOR]])

// -----
// CASE: a product with a weight of integers
// WITHIN: static int8 model
func.func @main(
    %x: tensor<2x64xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]},
    %w: tensor<3x64xi8> {litewright.weight = "w", litewright.quant = {scales = "s", axis = 0 : i32}}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %b = "tfl.pseudo_const"() {value = dense<[0.5, -0.25, 0.125]> : tensor<3xf32>} : () -> tensor<3xf32>
  %0 = "tfl.fully_connected"(%x, %w, %b) {fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT", litewright.range = [[-0.6, 0.6]]} : (tensor<2x64xf32>, tensor<3x64xi8>, tensor<3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK: %[[Y:.*]] = "tfl.fully_connected"(%{{.*}}, %arg1, %{{.*}})
// CHECK: "tfl.quantize"(%[[Y]])

// -----
// CASE: one product among ops of floats does not pay, nor does what is no product
func.func @main(
    %x: tensor<1x4x8xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]},
    %y: tensor<1x8x4xf32> {litewright.name = "y", litewright.range = [-4.0, 4.0]}) -> (tensor<1x4x4xf32> {litewright.name = "z"}, tensor<1x8x4xf32> {litewright.name = "w"}) {
  %0 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  %1 = "tfl.sin"(%0) {litewright.range = [[-1.0, 1.0]]} : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %2 = "tfl.tanh"(%y) {litewright.range = [[-1.0, 1.0]]} : (tensor<1x8x4xf32>) -> tensor<1x8x4xf32>
  return %1, %2 : tensor<1x4x4xf32>, tensor<1x8x4xf32>
}
// CHECK: "tfl.batch_matmul"(%arg0, %arg1)
// CHECK-NOT: "tfl.quantize"

// -----
// CASE: a mean of integers is one
// WITHIN: static int8 model
func.func @main(
    %x: tensor<1x4x8xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]},
    %y: tensor<1x8x4xf32> {litewright.name = "y", litewright.range = [-4.0, 4.0]}) -> (tensor<1x8xf32> {litewright.name = "z"}) {
  %0 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  %1 = "tfl.batch_matmul"(%0, %x) {adj_x = false, adj_y = false, litewright.range = [[-30.0, 30.0]]} : (tensor<1x4x4xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %axis = "tfl.pseudo_const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %2 = "tfl.mean"(%1, %axis) {keep_dims = false, litewright.range = [[-15.0, 15.0]]} : (tensor<1x4x8xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  return %2 : tensor<1x8xf32>
}
// CHECK: %[[MEAN:.*]] = "tfl.mean"
// CHECK-NEXT: "tfl.quantize"(%[[MEAN]])

// -----
// CASE: a mean along the last axis, as norms take it, stays float
// WITHIN: static int8 model
func.func @main(
    %x: tensor<1x4x8xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]},
    %y: tensor<1x8x4xf32> {litewright.name = "y", litewright.range = [-4.0, 4.0]}) -> (tensor<1x4xf32> {litewright.name = "z"}) {
  %0 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  %1 = "tfl.batch_matmul"(%0, %x) {adj_x = false, adj_y = false, litewright.range = [[-30.0, 30.0]]} : (tensor<1x4x4xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %axis = "tfl.pseudo_const"() {value = dense<-1> : tensor<1xi32>} : () -> tensor<1xi32>
  %2 = "tfl.mean"(%1, %axis) {keep_dims = false, litewright.range = [[-15.0, 15.0]]} : (tensor<1x4x8xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  return %2 : tensor<1x4xf32>
}
// CHECK: %[[MEAN:.*]] = "tfl.mean"
// CHECK-NEXT: return %[[MEAN]]

// -----
// CASE: nothing is known before calibration
// UNCHANGED
func.func @main(%x: tensor<1x4x8xf32>, %y: tensor<1x8x4xf32>) -> tensor<1x4x4xf32> {
  %0 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  return %0 : tensor<1x4x4xf32>
}

// -----
// CASE: values of which calibration has found no range
// DECLINES(quantize-activations): no range of its values is known, or it holds masks or infinity
func.func @main(
    %x: tensor<1x4x8xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]},
    %y: tensor<1x8x4xf32> {litewright.name = "y"}) -> (tensor<1x4x4xf32> {litewright.name = "z"}) {
  %0 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  return %0 : tensor<1x4x4xf32>
}
// CHECK: litewright.quant_notes = ["{{.*}}batch_matmul computes with floats: no range of its values is known, or it holds masks or infinity"]
// CHECK-NOT: "tfl.quantize"

// -----
// CASE: a constant that has no range
// DECLINES(quantize-activations): a constant that it reads is infinite
func.func @main(%x: tensor<1x2x2xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]}) -> (tensor<1x2x2xf32> {litewright.name = "z"}) {
  %c = "tfl.pseudo_const"() {value = dense<[[[1.0, 0x7F800000], [2.0, 1.0]]]> : tensor<1x2x2xf32>} : () -> tensor<1x2x2xf32>
  %0 = "tfl.batch_matmul"(%x, %c) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x2x2xf32>, tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
  return %0 : tensor<1x2x2xf32>
}
// CHECK-NOT: "tfl.quantize"

// -----
// CASE: a weight of floats
// DECLINES(quantize-activations): its weight is no integer that kernels take
func.func @main(
    %x: tensor<2x64xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]},
    %w: tensor<3x64xf32> {litewright.weight = "w"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %b = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %b) {fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT", litewright.range = [[-30.0, 30.0]]} : (tensor<2x64xf32>, tensor<3x64xf32>, none) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK-NOT: "tfl.quantize"

// -----
// CASE: a bias that is known at run time alone
// DECLINES(quantize-activations): its bias is computed, or too large for steps of its products
func.func @main(
    %x: tensor<2x64xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]}, %b: tensor<3xf32> {litewright.name = "b"},
    %w: tensor<3x64xi8> {litewright.weight = "w", litewright.quant = {scales = "s", axis = 0 : i32}}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %0 = "tfl.fully_connected"(%x, %w, %b) {fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT", litewright.range = [[-30.0, 30.0]]} : (tensor<2x64xf32>, tensor<3x64xi8>, tensor<3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK-NOT: "tfl.quantize"

// -----
// CASE: products in steps that are far larger than those of the result
// DECLINES(quantize-activations): a step of the products is 256 or more of the result
// WITHIN: static int8 model
func.func @main(
    %x: tensor<2x64xf32> {litewright.name = "x", litewright.range = [-1000000.0, 1000000.0]},
    %w: tensor<3x64xi8> {litewright.weight = "w", litewright.quant = {scales = "s", axis = 0 : i32}}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %b = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %b) {fused_activation_function = "NONE", keep_num_dims = false, weights_format = "DEFAULT", litewright.range = [[-1.0, 1.0]]} : (tensor<2x64xf32>, tensor<3x64xi8>, none) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// CHECK-NOT: "tfl.quantize"

// -----
// CASE: a sum in steps far smaller than those of what it adds; the products are integers all the same
// DECLINES(quantize-activations): a step of an operand is more than 64 of the result
// WITHIN: static int8 model
func.func @main(
    %x: tensor<1x4x8xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]},
    %y: tensor<1x8x4xf32> {litewright.name = "y", litewright.range = [-4.0, 4.0]}) -> (tensor<1x4x4xf32> {litewright.name = "z"}) {
  %0 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  %1 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  %2 = "tfl.add"(%0, %1) {fused_activation_function = "NONE", litewright.range = [[-0.01, 0.01]]} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  return %2 : tensor<1x4x4xf32>
}
// CHECK: %[[SUM:.*]] = "tfl.add"
// CHECK-NEXT: return %[[SUM]]

// -----
// CASE: a sum in which a term would be nothing
// DECLINES(quantize-activations): an operand is smaller than a step of the result
// WITHIN: static int8 model
func.func @main(
    %x: tensor<1x4x8xf32> {litewright.name = "x", litewright.range = [-4.0, 4.0]},
    %y: tensor<1x8x4xf32> {litewright.name = "y", litewright.range = [-4.0, 4.0]}) -> (tensor<1x4x4xf32> {litewright.name = "z"}) {
  %c = "tfl.pseudo_const"() {value = dense<0.0001> : tensor<1x8x4xf32>} : () -> tensor<1x8x4xf32>
  %0 = "tfl.batch_matmul"(%x, %y) {adj_x = false, adj_y = false, litewright.range = [[-9.0, 9.0]]} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  %1 = "tfl.batch_matmul"(%x, %c) {adj_x = false, adj_y = false, litewright.range = [[-0.001, 0.001]]} : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  %2 = "tfl.add"(%0, %1) {fused_activation_function = "NONE", litewright.range = [[-9.0, 9.0]]} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  return %2 : tensor<1x4x4xf32>
}
// CHECK: %[[SUM:.*]] = "tfl.add"
// CHECK-NEXT: return %[[SUM]]
