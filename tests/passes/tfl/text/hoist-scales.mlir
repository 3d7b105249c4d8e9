// RUN: litewright opt %s -p hoist-scales
// CASE: a scalar past a reshape
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<2x2x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2, 2, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<2x2x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %2 = "tfl.mul"(%1, %c2) {fused_activation_function = "NONE"} : (tensor<2x2x8xf32>, tensor<f32>) -> tensor<2x2x8xf32>
  return %2 : tensor<2x2x8xf32>
}
// CHECK: "tfl.fully_connected"
// CHECK: "tfl.mul"{{.*}} -> tensor<4x8xf32>
// CHECK: "tfl.reshape"
// -----
// CASE: a scalar on the left, past a transpose and a reshape
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<2x4x4xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[4, 2, 4]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<4x2x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 0, 2]> : tensor<3xi32>} : () -> tensor<3xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<4x2x4xf32>, tensor<3xi32>) -> tensor<2x4x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %3 = "tfl.mul"(%c3, %2) {fused_activation_function = "NONE"} : (tensor<f32>, tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
  return %3 : tensor<2x4x4xf32>
}
// CHECK: "tfl.mul"{{.*}} -> tensor<4x8xf32>
// CHECK: "tfl.reshape"
// CHECK: "tfl.transpose"
// -----
// CASE: a divisor
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<2x2x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2, 2, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<2x2x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<8.0> : tensor<f32>} : () -> tensor<f32>
  %2 = "tfl.div"(%1, %c2) {fused_activation_function = "NONE"} : (tensor<2x2x8xf32>, tensor<f32>) -> tensor<2x2x8xf32>
  return %2 : tensor<2x2x8xf32>
}
// CHECK: dense<1.250000e-01> : tensor<f32>
// CHECK: "tfl.mul"{{.*}} -> tensor<4x8xf32>
// CHECK: "tfl.reshape"
// -----
// CASE: a scalar past rotary embedding
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}, %cos: tensor<4x4xf32> {litewright.name = "cos"}, %sin: tensor<4x4xf32> {litewright.name = "sin"}) -> (tensor<1x2x4x4xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<4xi32>) -> tensor<1x4x2x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x4x2x4xf32>, tensor<4xi32>) -> tensor<1x2x4x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 2, 4, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x2x4x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x4x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x2x4x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x4x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x4x2xf32>, tensor<1x2x4x2xf32>) -> tensor<1x2x4x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %9 = "tfl.mul"(%8, %c6) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xf32>
  return %9 : tensor<1x2x4x4xf32>
}
// CHECK: "tfl.fully_connected"
// CHECK: "tfl.mul"{{.*}} -> tensor<4x8xf32>
// CHECK: "tfl.reshape"
// CHECK: "tfl.transpose"
// CHECK: "tfl.concatenation"
// CHECK: "tfl.add"
// CHECK-NOT: "tfl.mul"
// -----
// CASE: a divisor of scores
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %k: tensor<2x5x4xf32> {litewright.name = "k"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<2x4x5xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[4, 2, 4]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<4x2x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 0, 2]> : tensor<3xi32>} : () -> tensor<3xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<4x2x4xf32>, tensor<3xi32>) -> tensor<2x4x4xf32>
  %3 = "tfl.batch_matmul"(%2, %k) {adj_x = false, adj_y = true} : (tensor<2x4x4xf32>, tensor<2x5x4xf32>) -> tensor<2x4x5xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %4 = "tfl.div"(%3, %c3) {fused_activation_function = "NONE"} : (tensor<2x4x5xf32>, tensor<f32>) -> tensor<2x4x5xf32>
  return %4 : tensor<2x4x5xf32>
}
// CHECK: dense<5.000000e-01> : tensor<f32>
// CHECK: "tfl.mul"{{.*}} -> tensor<4x8xf32>
// CHECK: "tfl.batch_matmul"
// CHECK-NOT: "tfl.
// -----
// CASE: a factor of scores past rotary embedding
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %k: tensor<1x2x5x4xf32> {litewright.name = "k"}, %w: tensor<8x8xf32> {litewright.weight = "w"}, %cos: tensor<4x4xf32> {litewright.name = "cos"}, %sin: tensor<4x4xf32> {litewright.name = "sin"}) -> (tensor<1x2x4x5xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<4xi32>) -> tensor<1x4x2x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x4x2x4xf32>, tensor<4xi32>) -> tensor<1x2x4x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 2, 4, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x2x4x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x4x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x2x4x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x4x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x4x2xf32>, tensor<1x2x4x2xf32>) -> tensor<1x2x4x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %9 = "tfl.batch_matmul"(%8, %k) {adj_x = false, adj_y = true} : (tensor<1x2x4x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %10 = "tfl.mul"(%9, %c6) {fused_activation_function = "NONE"} : (tensor<1x2x4x5xf32>, tensor<f32>) -> tensor<1x2x4x5xf32>
  return %10 : tensor<1x2x4x5xf32>
}
// CHECK: "tfl.fully_connected"
// CHECK: "tfl.mul"{{.*}} -> tensor<4x8xf32>
// CHECK: "tfl.reshape"
// CHECK: "tfl.transpose"
// CHECK: "tfl.concatenation"
// CHECK: "tfl.add"
// CHECK: "tfl.batch_matmul"
// CHECK-NOT: "tfl.
// -----
// CASE: an activation behind the factor
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<2x2x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2, 2, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<2x2x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<-0.125> : tensor<f32>} : () -> tensor<f32>
  %2 = "tfl.mul"(%1, %c2) {fused_activation_function = "RELU"} : (tensor<2x2x8xf32>, tensor<f32>) -> tensor<2x2x8xf32>
  return %2 : tensor<2x2x8xf32>
}
// DECLINES(above-movement): an activation is fused
// -----
// CASE: a factor per channel, and a number divided
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<2x2x8xf32> {litewright.name = "y0"}, tensor<2x2x8xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2, 2, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<2x2x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %2 = "tfl.mul"(%1, %c2) {fused_activation_function = "NONE"} : (tensor<2x2x8xf32>, tensor<8xf32>) -> tensor<2x2x8xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %3 = "tfl.div"(%c3, %1) {fused_activation_function = "NONE"} : (tensor<f32>, tensor<2x2x8xf32>) -> tensor<2x2x8xf32>
  return %2, %3 : tensor<2x2x8xf32>, tensor<2x2x8xf32>
}
// DECLINES(above-movement): no operand is a scalar constant
// -----
// CASE: a scaled product is as high as it gets
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(above-movement): what is scaled is no RESHAPE or TRANSPOSE
// DECLINES(above-scores): what is scaled is no BATCH_MATMUL
// DECLINES(above-rotation): the value is no ADD without an activation
// -----
// CASE: the reshaped value is a result too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<2x2x8xf32> {litewright.name = "y0"}, tensor<2x2x8xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2, 2, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<2x2x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %2 = "tfl.mul"(%1, %c2) {fused_activation_function = "NONE"} : (tensor<2x2x8xf32>, tensor<f32>) -> tensor<2x2x8xf32>
  return %2, %1 : tensor<2x2x8xf32>, tensor<2x2x8xf32>
}
// DECLINES(above-movement): what is scaled is read elsewhere too
// -----
// CASE: an input
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<2x2x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[2, 2, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %0 = "tfl.reshape"(%x, %c0) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<2x2x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<2x2x8xf32>, tensor<f32>) -> tensor<2x2x8xf32>
  return %1 : tensor<2x2x8xf32>
}
// DECLINES(above-movement): what is moved is no product with something known
// -----
// CASE: a permutation that is computed
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %n: tensor<2xi32> {litewright.name = "n"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<8x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
  %0 = "tfl.mul"(%n, %c0) {fused_activation_function = "NONE"} : (tensor<2xi32>, tensor<i32>) -> tensor<2xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.add"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  %none = "tfl.no_value"() {value} : () -> none
  %2 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %3 = "tfl.transpose"(%2, %1) : (tensor<4x8xf32>, tensor<2xi32>) -> tensor<8x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %4 = "tfl.mul"(%3, %c3) {fused_activation_function = "NONE"} : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  return %4 : tensor<8x4xf32>
}
// DECLINES(above-movement): the permutation is not constant
// -----
// CASE: the rotated value is a result too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}, %cos: tensor<4x4xf32> {litewright.name = "cos"}, %sin: tensor<4x4xf32> {litewright.name = "sin"}) -> (tensor<1x2x4x4xf32> {litewright.name = "y0"}, tensor<1x2x4x4xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<4xi32>) -> tensor<1x4x2x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x4x2x4xf32>, tensor<4xi32>) -> tensor<1x2x4x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 2, 4, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x2x4x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x4x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x2x4x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x4x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x4x2xf32>, tensor<1x2x4x2xf32>) -> tensor<1x2x4x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %9 = "tfl.mul"(%8, %c6) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xf32>
  return %9, %8 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}
// DECLINES(above-rotation): what is scaled is read elsewhere too
// -----
// CASE: what is rotated is a result too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}, %cos: tensor<4x4xf32> {litewright.name = "cos"}, %sin: tensor<4x4xf32> {litewright.name = "sin"}) -> (tensor<1x2x4x4xf32> {litewright.name = "y0"}, tensor<1x2x4x4xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<4xi32>) -> tensor<1x4x2x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x4x2x4xf32>, tensor<4xi32>) -> tensor<1x2x4x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 2, 4, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x2x4x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x4x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x2x4x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x4x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x4x2xf32>, tensor<1x2x4x2xf32>) -> tensor<1x2x4x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %9 = "tfl.mul"(%8, %c6) {fused_activation_function = "NONE"} : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xf32>
  return %9, %2 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}
// DECLINES(above-rotation): what is rotated is no product with something known, or is read elsewhere too
// -----
// CASE: a product without heads is rotated
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}, %cos: tensor<4x8xf32> {litewright.name = "cos"}, %sin: tensor<4x8xf32> {litewright.name = "sin"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %1 = "tfl.mul"(%0, %cos) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[0, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c2 = "tfl.pseudo_const"() {value = dense<[4, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %2 = "tfl.slice"(%0, %c1, %c2) : (tensor<4x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<4x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %3 = "tfl.slice"(%0, %c3, %c2) : (tensor<4x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<4x4xf32>
  %4 = "tfl.concatenation"(%3, %2) {axis = 1 : i32, fused_activation_function = "NONE"} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x8xf32>
  %5 = "tfl.mul"(%4, %sin) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %6 = "tfl.add"(%1, %5) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %7 = "tfl.mul"(%6, %c4) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %7 : tensor<4x8xf32>
}
// DECLINES(above-rotation): what is rotated is no product with something known, or is read elsewhere too
// -----
// CASE: scores of inputs
func.func @main(%q: tensor<2x4x4xf32> {litewright.name = "q"}, %k: tensor<2x5x4xf32> {litewright.name = "k"}) -> (tensor<2x4x5xf32> {litewright.name = "y"}) {
  %0 = "tfl.batch_matmul"(%q, %k) {adj_x = false, adj_y = true} : (tensor<2x4x4xf32>, tensor<2x5x4xf32>) -> tensor<2x4x5xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.mul"(%0, %c0) {fused_activation_function = "NONE"} : (tensor<2x4x5xf32>, tensor<f32>) -> tensor<2x4x5xf32>
  return %1 : tensor<2x4x5xf32>
}
// DECLINES(above-scores): the left operand comes from no product with something known
// -----
// CASE: the scores are a result too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %k: tensor<2x5x4xf32> {litewright.name = "k"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<2x4x5xf32> {litewright.name = "y0"}, tensor<2x4x5xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[4, 2, 4]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<4x2x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 0, 2]> : tensor<3xi32>} : () -> tensor<3xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<4x2x4xf32>, tensor<3xi32>) -> tensor<2x4x4xf32>
  %3 = "tfl.batch_matmul"(%2, %k) {adj_x = false, adj_y = true} : (tensor<2x4x4xf32>, tensor<2x5x4xf32>) -> tensor<2x4x5xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %4 = "tfl.mul"(%3, %c3) {fused_activation_function = "NONE"} : (tensor<2x4x5xf32>, tensor<f32>) -> tensor<2x4x5xf32>
  return %4, %3 : tensor<2x4x5xf32>, tensor<2x4x5xf32>
}
// DECLINES(above-scores): what is scaled is read elsewhere too
// -----
// CASE: past rotary embedding to another factor
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %cos: tensor<4x8xf32> {litewright.name = "cos"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %1 = "tfl.mul"(%0, %cos) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[0, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c2 = "tfl.pseudo_const"() {value = dense<[4, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %2 = "tfl.slice"(%0, %c1, %c2) : (tensor<4x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<4x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %3 = "tfl.slice"(%0, %c3, %c2) : (tensor<4x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<4x4xf32>
  %4 = "tfl.concatenation"(%3, %2) {axis = 1 : i32, fused_activation_function = "NONE"} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x8xf32>
  %5 = "tfl.mul"(%4, %cos) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %6 = "tfl.add"(%1, %5) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %7 = "tfl.mul"(%6, %c4) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %7 : tensor<4x8xf32>
}
// CHECK-COUNT-2: "tfl.mul"(%
// CHECK: "tfl.concatenation"
// CHECK: "tfl.add"
// CHECK-NOT: "tfl.mul"
// -----
// CASE: to another factor
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<2x2x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2, 2, 8]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<4x8xf32>, tensor<3xi32>) -> tensor<2x2x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %2 = "tfl.mul"(%1, %c2) {fused_activation_function = "NONE"} : (tensor<2x2x8xf32>, tensor<f32>) -> tensor<2x2x8xf32>
  return %2 : tensor<2x2x8xf32>
}
// CHECK-COUNT-2: "tfl.mul"{{.*}} -> tensor<4x8xf32>
// CHECK: "tfl.reshape"
