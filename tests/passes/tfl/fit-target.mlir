// RUN: litewright opt %s -p fit-target{target=gpu}
// CASE: a constant of the two dimensions that it meets
func.func @main(%x: tensor<2x3xf32> {litewright.name = "x"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %c = "tfl.pseudo_const"() {value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %1 = "tfl.sub"(%c, %x) {fused_activation_function = "RELU"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: "tfl.reshape"(%arg0, {{.*}} -> tensor<1x2x3xf32>
// CHECK: "tfl.sub"(%{{.*}}) {fused_activation_function = "RELU"} : (tensor<2x3xf32>, tensor<1x2x3xf32>)
// CHECK: "tfl.reshape"{{.*}} -> tensor<2x3xf32>
// -----
// CASE: a number that is computed, brought to the rank of what it meets
func.func @main(%x: tensor<2x3xf32> {litewright.name = "x"}, %n: tensor<f32> {litewright.name = "n"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %1 = "tfl.mul"(%x, %n) {fused_activation_function = "NONE"} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK: "tfl.reshape"(%arg1, {{.*}} -> tensor<1x1xf32>
// CHECK: "tfl.mul"(%arg0, %{{.*}}) {{.*}} : (tensor<2x3xf32>, tensor<1x1xf32>)
// -----
// CASE: a broadcast by copies
func.func @main(%x: tensor<1x3xf32> {litewright.name = "x"}) -> (tensor<4x3xf32> {litewright.name = "y"}) {
  %s = "tfl.pseudo_const"() {value = dense<[4, 3]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.broadcast_to"(%x, %s) : (tensor<1x3xf32>, tensor<2xi32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}
// CHECK: dense<[4, 1]>
// CHECK: "tfl.tile"(%arg0, %{{.*}})
// -----
// CASE: a batch by one matrix is rows by one matrix
func.func @main(%x: tensor<2x3x4xf32> {litewright.name = "x"}, %m: tensor<1x4x5xf32> {litewright.name = "m"}) -> (tensor<2x3x5xf32> {litewright.name = "y"}) {
  %0 = "tfl.batch_matmul"(%x, %m) {adj_x = false, adj_y = false} : (tensor<2x3x4xf32>, tensor<1x4x5xf32>) -> tensor<2x3x5xf32>
  return %0 : tensor<2x3x5xf32>
}
// CHECK: "tfl.reshape"(%arg0, {{.*}} -> tensor<1x6x4xf32>
// CHECK: "tfl.batch_matmul"(%{{.*}}, %arg1) {{.*}} -> tensor<1x6x5xf32>
// -----
// CASE: an update of a matrix at zeros and where it starts
func.func @main(%x: tensor<4x6xf32> {litewright.name = "x"}, %u: tensor<2x3xf32> {litewright.name = "u"}, %s: tensor<2xi32> {litewright.name = "s"}) -> (tensor<4x6xf32> {litewright.name = "y"}) {
  %0 = "tfl.dynamic_update_slice"(%x, %u, %s) : (tensor<4x6xf32>, tensor<2x3xf32>, tensor<2xi32>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}
// CHECK: "tfl.concatenation"(%{{.*}}, %arg2) {{.*}} -> tensor<4xi32>
// CHECK: "tfl.dynamic_update_slice"{{.*}} -> tensor<1x1x4x6xf32>
// -----
// CASE: what the target takes stays
// DECLINES(align-operands): the target takes it
func.func @main(%x: tensor<2x3xf32> {litewright.name = "x"}, %y: tensor<3xf32> {litewright.name = "z"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %1 = "tfl.add"(%x, %y) {fused_activation_function = "NONE"} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// -----
// CASE: five dimensions stay five
// DECLINES(align-operands): there is no other way to say it
func.func @main(%x: tensor<1x2x1x2x3xf32> {litewright.name = "x"}, %y: tensor<3xf32> {litewright.name = "z"}) -> (tensor<1x2x1x2x3xf32> {litewright.name = "y"}) {
  %1 = "tfl.add"(%x, %y) {fused_activation_function = "NONE"} : (tensor<1x2x1x2x3xf32>, tensor<3xf32>) -> tensor<1x2x1x2x3xf32>
  return %1 : tensor<1x2x1x2x3xf32>
}
// -----
// CASE: an axis that no reshape brings into reach
// DECLINES(fit-reversal): there is no other way to say it
func.func @main(%x: tensor<1x1x2x5xf32> {litewright.name = "x"}) -> (tensor<1x1x2x5xf32> {litewright.name = "y"}) {
  %a = "tfl.pseudo_const"() {value = dense<3> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.reverse_v2"(%x, %a) : (tensor<1x1x2x5xf32>, tensor<1xi32>) -> tensor<1x1x2x5xf32>
  return %0 : tensor<1x1x2x5xf32>
}
// -----
// CASE: heads and projections turned at five dimensions, two of which stay together
func.func @main(%x: tensor<2x3x12xf32> {litewright.name = "x"}) -> (tensor<3x2x3x4xf32> {litewright.name = "y"}) {
  %a = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 3, 4]> : tensor<5xi32>} : () -> tensor<5xi32>
  %p = "tfl.pseudo_const"() {value = dense<[3, 1, 2, 0, 4]> : tensor<5xi32>} : () -> tensor<5xi32>
  %b = "tfl.pseudo_const"() {value = dense<[3, 2, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.reshape"(%x, %a) : (tensor<2x3x12xf32>, tensor<5xi32>) -> tensor<1x2x3x3x4xf32>
  %1 = "tfl.transpose"(%0, %p) : (tensor<1x2x3x3x4xf32>, tensor<5xi32>) -> tensor<3x2x3x1x4xf32>
  %2 = "tfl.reshape"(%1, %b) : (tensor<3x2x3x1x4xf32>, tensor<4xi32>) -> tensor<3x2x3x4xf32>
  return %2 : tensor<3x2x3x4xf32>
}
// CHECK: dense<[6, 3, 4]>
// CHECK: "tfl.transpose"(%{{.*}}) : (tensor<6x3x4xf32>, tensor<3xi32>) -> tensor<3x6x4xf32>
// CHECK: "tfl.reshape"{{.*}} -> tensor<3x2x3x4xf32>
// -----
// CASE: five dimensions of which no two stay together
// DECLINES(turn-fewer-dimensions): no two of its dimensions stay together
func.func @main(%x: tensor<8x9xf32> {litewright.name = "x"}) -> (tensor<72xf32> {litewright.name = "y"}) {
  %a = "tfl.pseudo_const"() {value = dense<[2, 2, 2, 3, 3]> : tensor<5xi32>} : () -> tensor<5xi32>
  %p = "tfl.pseudo_const"() {value = dense<[4, 3, 2, 1, 0]> : tensor<5xi32>} : () -> tensor<5xi32>
  %b = "tfl.pseudo_const"() {value = dense<72> : tensor<1xi32>} : () -> tensor<1xi32>
  %0 = "tfl.reshape"(%x, %a) : (tensor<8x9xf32>, tensor<5xi32>) -> tensor<2x2x2x3x3xf32>
  %1 = "tfl.transpose"(%0, %p) : (tensor<2x2x2x3x3xf32>, tensor<5xi32>) -> tensor<3x3x2x2x2xf32>
  %2 = "tfl.reshape"(%1, %b) : (tensor<3x3x2x2x2xf32>, tensor<1xi32>) -> tensor<72xf32>
  return %2 : tensor<72xf32>
}
