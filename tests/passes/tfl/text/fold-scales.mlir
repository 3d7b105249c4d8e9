// RUN: litewright opt %s -p fold-scales
// CASE: a scale per channel of a FULLY_CONNECTED
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: "multiply(w, literal:{{[0-9a-f]+}})"
// CHECK: "tfl.fully_connected"
// CHECK-NOT: "tfl.mul"
// -----
// CASE: a scalar, an activation behind it, and a bias
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0]> : tensor<8xf32>} : () -> tensor<8xf32>
  %0 = "tfl.fully_connected"(%x, %w, %c0) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.mul"(%c1, %0) {fused_activation_function = "RELU"} : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: dense<[5.000000e-01, {{.*}}, 1.000000e+00]> : tensor<8xf32>
// CHECK: "tfl.fully_connected"{{.*}} {fused_activation_function = "RELU"
// CHECK-NOT: "tfl.mul"
// -----
// CASE: a small matrix
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<8x8xf32>} : () -> tensor<8x8xf32>
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %c0, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "tfl.mul"(%0, %c2) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK: dense<1.000000e+00> : tensor<8x8xf32>
// CHECK-NOT: "tfl.mul"
// -----
// CASE: a convolution: its first dimension counts the channels
func.func @main(%x: tensor<1x5x5x3xf32> {litewright.name = "x"}, %w: tensor<4x3x3x3xf32> {litewright.weight = "w"}) -> (tensor<1x3x3x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = "tfl.conv_2d"(%x, %w, %c0) {fused_activation_function = "NONE", padding = "VALID", stride_h = 1 : i32, stride_w = 1 : i32, dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32} : (tensor<1x5x5x3xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x3x3x4xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2.0, -1.0, 0.5, 3.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<1x3x3x4xf32>, tensor<4xf32>) -> tensor<1x3x3x4xf32>
  return %1 : tensor<1x3x3x4xf32>
}
// CHECK: "multiply(w, literal:{{[0-9a-f]+}})"
// CHECK: "tfl.conv_2d"
// CHECK-NOT: "tfl.mul"
// -----
// CASE: a depthwise convolution: its last one does
func.func @main(%x: tensor<1x5x5x4xf32> {litewright.name = "x"}, %w: tensor<1x3x3x4xf32> {litewright.weight = "w"}) -> (tensor<1x3x3x4xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = "tfl.depthwise_conv_2d"(%x, %w, %c0) {depth_multiplier = 1 : i32, fused_activation_function = "NONE", padding = "VALID", stride_h = 1 : i32, stride_w = 1 : i32, dilation_h_factor = 1 : i32, dilation_w_factor = 1 : i32} : (tensor<1x5x5x4xf32>, tensor<1x3x3x4xf32>, tensor<4xf32>) -> tensor<1x3x3x4xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2.0, -1.0, 0.5, 3.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<1x3x3x4xf32>, tensor<4xf32>) -> tensor<1x3x3x4xf32>
  return %1 : tensor<1x3x3x4xf32>
}
// CHECK: "multiply(w, literal:{{[0-9a-f]+}})"
// CHECK: "tfl.depthwise_conv_2d"
// CHECK-NOT: "tfl.mul"
// -----
// CASE: two signatures that scale a weight alike
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
func.func @other(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// CHECK-COUNT-2: "multiply(w, literal:{{[0-9a-f]+}})"
// -----
// CASE: two signatures that scale a weight otherwise
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
func.func @other(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 2.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(fold-scales): the matrix is read elsewhere as it is, or scaled otherwise
// -----
// CASE: the weight is read unscaled too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %2 = "tfl.fully_connected"(%1, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}
// DECLINES(fold-scales): the matrix is read elsewhere as it is, or scaled otherwise
// -----
// CASE: an input is scaled
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %0 = "tfl.mul"(%x, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
// DECLINES(fold-scales): no operand is a FULLY_CONNECTED or convolution
// -----
// CASE: the product is a result too
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y0"}, tensor<4x8xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1, %0 : tensor<4x8xf32>, tensor<4x8xf32>
}
// DECLINES(fold-scales): the product is read elsewhere too
// -----
// CASE: an activation stands between
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "RELU", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(fold-scales): an activation stands between the product and the factor
// -----
// CASE: a factor that is an input
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %v: tensor<8xf32> {litewright.name = "v"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %1 = "tfl.mul"(%0, %v) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(fold-scales): the factor is no constant per channel
// -----
// CASE: a factor per row
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>} : () -> tensor<4x1xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(fold-scales): the factor is no constant per channel
// -----
// CASE: a bias that is an input
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %v: tensor<8xf32> {litewright.name = "v"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.fully_connected"(%x, %w, %v) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.mul"(%0, %c0) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(fold-scales): the bias is no constant
// -----
// CASE: a matrix that is an input
func.func @main(%x: tensor<4x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.name = "w"}) -> (tensor<4x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<4x8xf32>, tensor<8x8xf32>, none) -> tensor<4x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>} : () -> tensor<8xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
// DECLINES(fold-scales): the matrix is computed from inputs
// -----
// CASE: a factor of more dimensions
func.func @main(%x: tensor<1x8xf32> {litewright.name = "x"}, %w: tensor<8x8xf32> {litewright.weight = "w"}) -> (tensor<1x1x8xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %w, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x8xf32>, tensor<8x8xf32>, none) -> tensor<1x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<2.0> : tensor<1x1x1xf32>} : () -> tensor<1x1x1xf32>
  %1 = "tfl.mul"(%0, %c1) {fused_activation_function = "NONE"} : (tensor<1x8xf32>, tensor<1x1x1xf32>) -> tensor<1x1x8xf32>
  return %1 : tensor<1x1x8xf32>
}
// DECLINES(fold-scales): the factor spreads the product
