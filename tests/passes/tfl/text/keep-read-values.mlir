// RUN: litewright opt %s -p keep-read-values
// CASE: a sum in memory that is read through another shape
func.func @main(%x: tensor<4x6xf32> {litewright.name = "x"}) -> (tensor<6x4xf32> {litewright.name = "y1"}, tensor<3x8xf32> {litewright.name = "y2"}) {
  %c = "tfl.pseudo_const"() {value = dense<0.7> : tensor<f32>} : () -> tensor<f32>
  %t = "tfl.tanh"(%x) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %z = "tfl.mul"(%t, %c) {fused_activation_function = "NONE"} : (tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  %s1 = "tfl.pseudo_const"() {value = dense<[6, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.reshape"(%z, %s1) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<6x4xf32>
  %2 = "tfl.add"(%1, %c) {fused_activation_function = "RELU"} : (tensor<6x4xf32>, tensor<f32>) -> tensor<6x4xf32>
  %y1 = "tfl.neg"(%2) : (tensor<6x4xf32>) -> tensor<6x4xf32>
  %s2 = "tfl.pseudo_const"() {value = dense<[3, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %3 = "tfl.reshape"(%z, %s2) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<3x8xf32>
  %y2 = "tfl.neg"(%3) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  return %y1, %y2 : tensor<6x4xf32>, tensor<3x8xf32>
}
// CHECK: %[[COPY:.*]] = "tfl.slice"
// CHECK-NEXT: "tfl.add"(%[[COPY]], %{{.*}}) {fused_activation_function = "RELU"}
// -----
// CASE: a chain of views, of which the middle one is read too; the memory's owner has one reader
func.func @main(%x: tensor<1x4x6xf32> {litewright.name = "x"}) -> (tensor<1x4x6xf32> {litewright.name = "y1"}, tensor<3x8xf32> {litewright.name = "y2"}) {
  %z = "tfl.exp"(%x) : (tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  %1 = "tfl.squeeze"(%z) {squeeze_dims = [0]} : (tensor<1x4x6xf32>) -> tensor<4x6xf32>
  %a = "tfl.pseudo_const"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
  %2 = "tfl.expand_dims"(%1, %a) : (tensor<4x6xf32>, tensor<i32>) -> tensor<1x4x6xf32>
  %3 = "tfl.softmax"(%2) {beta = 1.0 : f32} : (tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  %y1 = "tfl.neg"(%3) : (tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  %s2 = "tfl.pseudo_const"() {value = dense<[3, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %4 = "tfl.reshape"(%1, %s2) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<3x8xf32>
  %y2 = "tfl.neg"(%4) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  return %y1, %y2 : tensor<1x4x6xf32>, tensor<3x8xf32>
}
// CHECK: %[[COPY:.*]] = "tfl.slice"
// CHECK-NEXT: "tfl.softmax"(%[[COPY]])
// -----
// CASE: the operand on the right is overwritten where the left one is an input; six dimensions are copied as one
func.func @main(%x: tensor<4x6xf32> {litewright.name = "x"}, %v: tensor<1x1x2x2x2x3xf32> {litewright.name = "v"}) -> (tensor<1x1x2x2x2x3xf32> {litewright.name = "y1"}, tensor<3x8xf32> {litewright.name = "y2"}) {
  %c = "tfl.pseudo_const"() {value = dense<0.7> : tensor<f32>} : () -> tensor<f32>
  %t = "tfl.tanh"(%x) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %z = "tfl.sub"(%c, %t) {fused_activation_function = "NONE"} : (tensor<f32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  %s1 = "tfl.pseudo_const"() {value = dense<[1, 1, 2, 2, 2, 3]> : tensor<6xi32>} : () -> tensor<6xi32>
  %1 = "tfl.reshape"(%z, %s1) : (tensor<4x6xf32>, tensor<6xi32>) -> tensor<1x1x2x2x2x3xf32>
  %2 = "tfl.div"(%v, %1) {fused_activation_function = "NONE"} : (tensor<1x1x2x2x2x3xf32>, tensor<1x1x2x2x2x3xf32>) -> tensor<1x1x2x2x2x3xf32>
  %y1 = "tfl.neg"(%2) : (tensor<1x1x2x2x2x3xf32>) -> tensor<1x1x2x2x2x3xf32>
  %s2 = "tfl.pseudo_const"() {value = dense<[3, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %3 = "tfl.reshape"(%z, %s2) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<3x8xf32>
  %y2 = "tfl.neg"(%3) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  return %y1, %y2 : tensor<1x1x2x2x2x3xf32>, tensor<3x8xf32>
}
// CHECK: "tfl.slice"({{.*}}) : (tensor<24xf32>
// CHECK: %[[COPY:.*]] = "tfl.reshape"
// CHECK-NEXT: "tfl.div"(%arg1, %[[COPY]])
// -----
// CASE: a result has memory of its own
func.func @main(%x: tensor<4x6xf32> {litewright.name = "x"}) -> (tensor<4x6xf32> {litewright.name = "y"}) {
  %t = "tfl.tanh"(%x) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %z = "tfl.add"(%t, %x) {fused_activation_function = "NONE"} : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  return %z : tensor<4x6xf32>
}
// DECLINES(copy-before-overwriting): the result has memory of its own
// -----
// CASE: nobody reads what is overwritten
func.func @main(%x: tensor<4x6xf32> {litewright.name = "x"}) -> (tensor<4x6xf32> {litewright.name = "y"}) {
  %t = "tfl.tanh"(%x) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %z = "tfl.add"(%t, %x) {fused_activation_function = "NONE"} : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  %y = "tfl.neg"(%z) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return %y : tensor<4x6xf32>
}
// DECLINES(copy-before-overwriting): nobody else reads the memory that the result may take
// -----
// CASE: readers of the owner itself are counted
func.func @main(%x: tensor<4x6xf32> {litewright.name = "x"}) -> (tensor<6x4xf32> {litewright.name = "y1"}, tensor<3x8xf32> {litewright.name = "y2"}) {
  %z = "tfl.tanh"(%x) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %c = "tfl.pseudo_const"() {value = dense<0.7> : tensor<f32>} : () -> tensor<f32>
  %s1 = "tfl.pseudo_const"() {value = dense<[6, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.reshape"(%z, %s1) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<6x4xf32>
  %2 = "tfl.add"(%1, %c) {fused_activation_function = "RELU"} : (tensor<6x4xf32>, tensor<f32>) -> tensor<6x4xf32>
  %y1 = "tfl.neg"(%2) : (tensor<6x4xf32>) -> tensor<6x4xf32>
  %s2 = "tfl.pseudo_const"() {value = dense<[3, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %3 = "tfl.reshape"(%z, %s2) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<3x8xf32>
  %y2 = "tfl.neg"(%3) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  return %y1, %y2 : tensor<6x4xf32>, tensor<3x8xf32>
}
// DECLINES(copy-before-overwriting): the memory's owner has several readers, which LiteRT counts
// -----
// CASE: sizes of which nothing is known may be equal, as a batch of one is to none
func.func @main(%x: tensor<?x24xf32> {litewright.name = "x"}, %y: tensor<4x6xf32> {litewright.name = "y"}) -> (tensor<?x24xf32> {litewright.name = "y1"}, tensor<3x8xf32> {litewright.name = "y2"}) {
  %t = "tfl.tanh"(%y) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %c = "tfl.pseudo_const"() {value = dense<0.7> : tensor<f32>} : () -> tensor<f32>
  %z = "tfl.mul"(%t, %c) {fused_activation_function = "NONE"} : (tensor<4x6xf32>, tensor<f32>) -> tensor<4x6xf32>
  %s1 = "tfl.pseudo_const"() {value = dense<[1, 24]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.reshape"(%z, %s1) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<1x24xf32>
  %2 = "tfl.add"(%x, %1) {fused_activation_function = "NONE"} : (tensor<?x24xf32>, tensor<1x24xf32>) -> tensor<?x24xf32>
  %y1 = "tfl.neg"(%2) : (tensor<?x24xf32>) -> tensor<?x24xf32>
  %s2 = "tfl.pseudo_const"() {value = dense<[3, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %3 = "tfl.reshape"(%z, %s2) : (tensor<4x6xf32>, tensor<2xi32>) -> tensor<3x8xf32>
  %y2 = "tfl.neg"(%3) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  return %y1, %y2 : tensor<?x24xf32>, tensor<3x8xf32>
}
// CHECK: %[[COPY:.*]] = "tfl.slice"
// CHECK-NEXT: "tfl.add"(%arg0, %[[COPY]])
// -----
// CASE: of what is dynamic all is copied, whatever its size
func.func @main(%x: tensor<?x24xf32> {litewright.name = "x"}) -> (tensor<?x24xf32> {litewright.name = "y1"}, tensor<?x8xf32> {litewright.name = "y2"}) {
  %t = "tfl.tanh"(%x) : (tensor<?x24xf32>) -> tensor<?x24xf32>
  %c = "tfl.pseudo_const"() {value = dense<0.7> : tensor<f32>} : () -> tensor<f32>
  %z = "tfl.mul"(%t, %c) {fused_activation_function = "NONE"} : (tensor<?x24xf32>, tensor<f32>) -> tensor<?x24xf32>
  %s1 = "tfl.pseudo_const"() {value = dense<[-1, 6]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.reshape"(%z, %s1) : (tensor<?x24xf32>, tensor<2xi32>) -> tensor<?x6xf32>
  %2 = "tfl.add"(%1, %c) {fused_activation_function = "RELU"} : (tensor<?x6xf32>, tensor<f32>) -> tensor<?x6xf32>
  %s3 = "tfl.pseudo_const"() {value = dense<[-1, 24]> : tensor<2xi32>} : () -> tensor<2xi32>
  %y1 = "tfl.reshape"(%2, %s3) : (tensor<?x6xf32>, tensor<2xi32>) -> tensor<?x24xf32>
  %s2 = "tfl.pseudo_const"() {value = dense<[-1, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %3 = "tfl.reshape"(%z, %s2) : (tensor<?x24xf32>, tensor<2xi32>) -> tensor<?x8xf32>
  %y2 = "tfl.neg"(%3) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y1, %y2 : tensor<?x24xf32>, tensor<?x8xf32>
}
// CHECK: dense<[-1, 6]>
// CHECK: %[[COPY:.*]] = "tfl.slice"
// CHECK-NEXT: "tfl.add"(%[[COPY]], %{{.*}}) {fused_activation_function = "RELU"}
// -----
// CASE: SLICE has five dimensions at most
func.func @main(%x: tensor<?x24xf32> {litewright.name = "x"}) -> (tensor<?x1x1x1x4x6xf32> {litewright.name = "y1"}, tensor<?x8xf32> {litewright.name = "y2"}) {
  %t = "tfl.tanh"(%x) : (tensor<?x24xf32>) -> tensor<?x24xf32>
  %c = "tfl.pseudo_const"() {value = dense<0.7> : tensor<f32>} : () -> tensor<f32>
  %z = "tfl.mul"(%t, %c) {fused_activation_function = "NONE"} : (tensor<?x24xf32>, tensor<f32>) -> tensor<?x24xf32>
  %s1 = "tfl.pseudo_const"() {value = dense<[-1, 1, 1, 1, 4, 6]> : tensor<6xi32>} : () -> tensor<6xi32>
  %1 = "tfl.reshape"(%z, %s1) : (tensor<?x24xf32>, tensor<6xi32>) -> tensor<?x1x1x1x4x6xf32>
  %2 = "tfl.add"(%1, %c) {fused_activation_function = "RELU"} : (tensor<?x1x1x1x4x6xf32>, tensor<f32>) -> tensor<?x1x1x1x4x6xf32>
  %y1 = "tfl.neg"(%2) : (tensor<?x1x1x1x4x6xf32>) -> tensor<?x1x1x1x4x6xf32>
  %s2 = "tfl.pseudo_const"() {value = dense<[-1, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %3 = "tfl.reshape"(%z, %s2) : (tensor<?x24xf32>, tensor<2xi32>) -> tensor<?x8xf32>
  %y2 = "tfl.neg"(%3) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y1, %y2 : tensor<?x1x1x1x4x6xf32>, tensor<?x8xf32>
}
// CHECK: %[[COPY:.*]] = "tfl.concatenation"
// CHECK-NEXT: "tfl.add"(%[[COPY]], %{{.*}}) {fused_activation_function = "RELU"}
