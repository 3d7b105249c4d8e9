// RUN: litewright opt %s -p fuse-rotations
// CASE: queries and keys side by side
func.func @main(%x: tensor<1x6x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x8xf32> {litewright.name = "cos"}, %sin: tensor<3x8xf32> {litewright.name = "sin"}) -> (tensor<1x4x3x8xf32> {litewright.name = "y0"}, tensor<1x2x3x8xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.slice"(%x, %c0, %c1) : (tensor<1x6x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 4, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c3 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.slice"(%x, %c2, %c3) : (tensor<1x6x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x8xf32>
  %2 = "tfl.mul"(%0, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x8xf32>, tensor<3x8xf32>) -> tensor<1x4x3x8xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %3 = "tfl.slice"(%0, %c0, %c4) : (tensor<1x4x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%0, %c5, %c4) : (tensor<1x4x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %5 = "tfl.concatenation"(%4, %3) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x8xf32>
  %6 = "tfl.mul"(%5, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x8xf32>, tensor<3x8xf32>) -> tensor<1x4x3x8xf32>
  %7 = "tfl.add"(%2, %6) {fused_activation_function = "NONE"} : (tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>) -> tensor<1x4x3x8xf32>
  %8 = "tfl.mul"(%1, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %9 = "tfl.slice"(%1, %c0, %c6) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %10 = "tfl.slice"(%1, %c5, %c6) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %11 = "tfl.concatenation"(%10, %9) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x8xf32>
  %12 = "tfl.mul"(%11, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %13 = "tfl.add"(%8, %12) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32>
  return %7, %13 : tensor<1x4x3x8xf32>, tensor<1x2x3x8xf32>
}
// CHECK: "tfl.concatenation"
// CHECK-SAME: tensor<1x6x3x8xf32>
// CHECK: "tfl.add"
// CHECK-NOT: "tfl.add"
// CHECK: "tfl.slice"{{.*}} -> tensor<1x4x3x8xf32>
// CHECK: "tfl.slice"{{.*}} -> tensor<1x2x3x8xf32>
// -----
// CASE: the later part is rotated first, and both are parts of more
func.func @main(%x: tensor<1x6x3x8xf32> {litewright.name = "x"}, %cos: tensor<1x1x3x8xf32> {litewright.name = "cos"}, %sin: tensor<1x1x3x8xf32> {litewright.name = "sin"}) -> (tensor<1x2x3x8xf32> {litewright.name = "y0"}, tensor<1x1x3x8xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 3, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 1, 3, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.slice"(%x, %c0, %c1) : (tensor<1x6x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x1x3x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 1, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c3 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.slice"(%x, %c2, %c3) : (tensor<1x6x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x8xf32>
  %2 = "tfl.mul"(%0, %cos) {fused_activation_function = "NONE"} : (tensor<1x1x3x8xf32>, tensor<1x1x3x8xf32>) -> tensor<1x1x3x8xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c5 = "tfl.pseudo_const"() {value = dense<[1, 1, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %3 = "tfl.slice"(%0, %c4, %c5) : (tensor<1x1x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x1x3x4xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%0, %c6, %c5) : (tensor<1x1x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x1x3x4xf32>
  %5 = "tfl.concatenation"(%4, %3) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x1x3x4xf32>, tensor<1x1x3x4xf32>) -> tensor<1x1x3x8xf32>
  %6 = "tfl.mul"(%5, %sin) {fused_activation_function = "NONE"} : (tensor<1x1x3x8xf32>, tensor<1x1x3x8xf32>) -> tensor<1x1x3x8xf32>
  %7 = "tfl.add"(%2, %6) {fused_activation_function = "NONE"} : (tensor<1x1x3x8xf32>, tensor<1x1x3x8xf32>) -> tensor<1x1x3x8xf32>
  %8 = "tfl.mul"(%1, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<1x1x3x8xf32>) -> tensor<1x2x3x8xf32>
  %c7 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %9 = "tfl.slice"(%1, %c4, %c7) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %10 = "tfl.slice"(%1, %c6, %c7) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %11 = "tfl.concatenation"(%10, %9) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x8xf32>
  %12 = "tfl.mul"(%11, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<1x1x3x8xf32>) -> tensor<1x2x3x8xf32>
  %13 = "tfl.add"(%8, %12) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32>
  return %13, %7 : tensor<1x2x3x8xf32>, tensor<1x1x3x8xf32>
}
// CHECK: "tfl.slice"(%arg0{{.*}} -> tensor<1x3x3x8xf32>
// CHECK: "tfl.concatenation"
// CHECK-NOT: "tfl.concatenation"
// CHECK: "tfl.slice"{{.*}} -> tensor<1x2x3x8xf32>
// CHECK: "tfl.slice"{{.*}} -> tensor<1x1x3x8xf32>
// -----
// CASE: something else lies between
func.func @main(%x: tensor<1x6x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x8xf32> {litewright.name = "cos"}, %sin: tensor<3x8xf32> {litewright.name = "sin"}) -> (tensor<1x2x3x8xf32> {litewright.name = "y0"}, tensor<1x2x3x8xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.slice"(%x, %c0, %c1) : (tensor<1x6x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 4, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.slice"(%x, %c2, %c1) : (tensor<1x6x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x8xf32>
  %2 = "tfl.mul"(%0, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %3 = "tfl.slice"(%0, %c0, %c3) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%0, %c4, %c3) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %5 = "tfl.concatenation"(%4, %3) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x8xf32>
  %6 = "tfl.mul"(%5, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %7 = "tfl.add"(%2, %6) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32>
  %8 = "tfl.mul"(%1, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %9 = "tfl.slice"(%1, %c0, %c3) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %10 = "tfl.slice"(%1, %c4, %c3) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %11 = "tfl.concatenation"(%10, %9) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x8xf32>
  %12 = "tfl.mul"(%11, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %13 = "tfl.add"(%8, %12) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32>
  return %7, %13 : tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>
}
// DECLINES(fuse-rotations): no neighbour is rotated alike
// -----
// CASE: other tables
func.func @main(%x: tensor<1x6x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x8xf32> {litewright.name = "cos"}, %sin: tensor<3x8xf32> {litewright.name = "sin"}, %other: tensor<3x8xf32> {litewright.name = "other"}) -> (tensor<1x4x3x8xf32> {litewright.name = "y0"}, tensor<1x2x3x8xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.slice"(%x, %c0, %c1) : (tensor<1x6x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 4, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c3 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.slice"(%x, %c2, %c3) : (tensor<1x6x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x8xf32>
  %2 = "tfl.mul"(%0, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x8xf32>, tensor<3x8xf32>) -> tensor<1x4x3x8xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %3 = "tfl.slice"(%0, %c0, %c4) : (tensor<1x4x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%0, %c5, %c4) : (tensor<1x4x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %5 = "tfl.concatenation"(%4, %3) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x8xf32>
  %6 = "tfl.mul"(%5, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x8xf32>, tensor<3x8xf32>) -> tensor<1x4x3x8xf32>
  %7 = "tfl.add"(%2, %6) {fused_activation_function = "NONE"} : (tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>) -> tensor<1x4x3x8xf32>
  %8 = "tfl.mul"(%1, %other) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %9 = "tfl.slice"(%1, %c0, %c6) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %10 = "tfl.slice"(%1, %c5, %c6) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %11 = "tfl.concatenation"(%10, %9) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x8xf32>
  %12 = "tfl.mul"(%11, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %13 = "tfl.add"(%8, %12) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32>
  return %7, %13 : tensor<1x4x3x8xf32>, tensor<1x2x3x8xf32>
}
// DECLINES(fuse-rotations): no neighbour is rotated alike
// -----
// CASE: an input is rotated
func.func @main(%x: tensor<1x4x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x8xf32> {litewright.name = "cos"}, %sin: tensor<3x8xf32> {litewright.name = "sin"}) -> (tensor<1x4x3x8xf32> {litewright.name = "y"}) {
  %0 = "tfl.mul"(%x, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x8xf32>, tensor<3x8xf32>) -> tensor<1x4x3x8xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.slice"(%x, %c0, %c1) : (tensor<1x4x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.slice"(%x, %c2, %c1) : (tensor<1x4x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %3 = "tfl.concatenation"(%2, %1) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x8xf32>
  %4 = "tfl.mul"(%3, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x8xf32>, tensor<3x8xf32>) -> tensor<1x4x3x8xf32>
  %5 = "tfl.add"(%0, %4) {fused_activation_function = "NONE"} : (tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>) -> tensor<1x4x3x8xf32>
  return %5 : tensor<1x4x3x8xf32>
}
// DECLINES(fuse-rotations): what is rotated is no part of something else
// -----
// CASE: a part along two dimensions
func.func @main(%x: tensor<1x6x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x8xf32> {litewright.name = "cos"}, %sin: tensor<3x8xf32> {litewright.name = "sin"}) -> (tensor<1x4x2x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4, 2, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.slice"(%x, %c0, %c1) : (tensor<1x6x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x2x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c3 = "tfl.pseudo_const"() {value = dense<[2, 8]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.slice"(%cos, %c2, %c3) : (tensor<3x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x8xf32>
  %2 = "tfl.slice"(%sin, %c2, %c3) : (tensor<3x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x8xf32>
  %3 = "tfl.mul"(%0, %1) {fused_activation_function = "NONE"} : (tensor<1x4x2x8xf32>, tensor<2x8xf32>) -> tensor<1x4x2x8xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%0, %c0, %c4) : (tensor<1x4x2x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x2x4xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%0, %c5, %c4) : (tensor<1x4x2x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x2x4xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x2x4xf32>, tensor<1x4x2x4xf32>) -> tensor<1x4x2x8xf32>
  %7 = "tfl.mul"(%6, %2) {fused_activation_function = "NONE"} : (tensor<1x4x2x8xf32>, tensor<2x8xf32>) -> tensor<1x4x2x8xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return %8 : tensor<1x4x2x8xf32>
}
// DECLINES(fuse-rotations): what is rotated is cut along several dimensions, or at run time
// -----
// CASE: parts along the dimension of the tables
func.func @main(%x: tensor<1x2x6x8xf32> {litewright.name = "x"}, %cos: tensor<3x8xf32> {litewright.name = "cos"}, %sin: tensor<3x8xf32> {litewright.name = "sin"}) -> (tensor<1x2x3x8xf32> {litewright.name = "y0"}, tensor<1x2x3x8xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.slice"(%x, %c0, %c1) : (tensor<1x2x6x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 0, 3, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.slice"(%x, %c2, %c1) : (tensor<1x2x6x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x8xf32>
  %2 = "tfl.mul"(%0, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %3 = "tfl.slice"(%0, %c0, %c3) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%0, %c4, %c3) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %5 = "tfl.concatenation"(%4, %3) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x8xf32>
  %6 = "tfl.mul"(%5, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %7 = "tfl.add"(%2, %6) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32>
  %8 = "tfl.mul"(%1, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %9 = "tfl.slice"(%1, %c0, %c3) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %10 = "tfl.slice"(%1, %c4, %c3) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %11 = "tfl.concatenation"(%10, %9) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x8xf32>
  %12 = "tfl.mul"(%11, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %13 = "tfl.add"(%8, %12) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32>
  return %7, %13 : tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>
}
// DECLINES(fuse-rotations): the tables differ along the dimension that is cut
// -----
// CASE: a sum of inputs
func.func @main(%x: tensor<2x3xf32> {litewright.name = "x"}) -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %0 = "tfl.add"(%x, %x) {fused_activation_function = "NONE"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
// DECLINES(fuse-rotations): no term has the halves of a value swapped
// -----
// CASE: an activation of the sum
func.func @main(%x: tensor<1x6x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x8xf32> {litewright.name = "cos"}, %sin: tensor<3x8xf32> {litewright.name = "sin"}) -> (tensor<1x4x3x8xf32> {litewright.name = "y0"}, tensor<1x2x3x8xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %0 = "tfl.slice"(%x, %c0, %c1) : (tensor<1x6x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x8xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 4, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c3 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 8]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.slice"(%x, %c2, %c3) : (tensor<1x6x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x8xf32>
  %2 = "tfl.mul"(%0, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x8xf32>, tensor<3x8xf32>) -> tensor<1x4x3x8xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %3 = "tfl.slice"(%0, %c0, %c4) : (tensor<1x4x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%0, %c5, %c4) : (tensor<1x4x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %5 = "tfl.concatenation"(%4, %3) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x8xf32>
  %6 = "tfl.mul"(%5, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x8xf32>, tensor<3x8xf32>) -> tensor<1x4x3x8xf32>
  %7 = "tfl.add"(%2, %6) {fused_activation_function = "RELU"} : (tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>) -> tensor<1x4x3x8xf32>
  %8 = "tfl.mul"(%1, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %9 = "tfl.slice"(%1, %c0, %c6) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %10 = "tfl.slice"(%1, %c5, %c6) : (tensor<1x2x3x8xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %11 = "tfl.concatenation"(%10, %9) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x8xf32>
  %12 = "tfl.mul"(%11, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x8xf32>, tensor<3x8xf32>) -> tensor<1x2x3x8xf32>
  %13 = "tfl.add"(%8, %12) {fused_activation_function = "RELU"} : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32>
  return %7, %13 : tensor<1x4x3x8xf32>, tensor<1x2x3x8xf32>
}
// DECLINES(fuse-rotations): the value is no ADD without an activation
// -----
// CASE: another value beside the swapped one
func.func @main(%x: tensor<2x8xf32> {litewright.name = "x"}, %z: tensor<2x8xf32> {litewright.name = "z"}, %cos: tensor<8xf32> {litewright.name = "cos"}, %sin: tensor<8xf32> {litewright.name = "sin"}) -> (tensor<2x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[2, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.slice"(%x, %c0, %c1) : (tensor<2x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.slice"(%x, %c2, %c1) : (tensor<2x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x4xf32>
  %2 = "tfl.concatenation"(%1, %0) {axis = 1 : i32, fused_activation_function = "NONE"} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  %3 = "tfl.mul"(%z, %cos) {fused_activation_function = "NONE"} : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  %4 = "tfl.mul"(%2, %sin) {fused_activation_function = "NONE"} : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  %5 = "tfl.add"(%3, %4) {fused_activation_function = "NONE"} : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  return %5 : tensor<2x8xf32>
}
// DECLINES(fuse-rotations): the other term is not the value times something
// -----
// CASE: tables of more rows than the value
func.func @main(%x: tensor<1x8xf32> {litewright.name = "x"}, %cos: tensor<2x8xf32> {litewright.name = "cos"}, %sin: tensor<2x8xf32> {litewright.name = "sin"}) -> (tensor<2x8xf32> {litewright.name = "y"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[0, 0]> : tensor<2xi32>} : () -> tensor<2xi32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %0 = "tfl.slice"(%x, %c0, %c1) : (tensor<1x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 4]> : tensor<2xi32>} : () -> tensor<2xi32>
  %1 = "tfl.slice"(%x, %c2, %c1) : (tensor<1x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<1x4xf32>
  %2 = "tfl.concatenation"(%1, %0) {axis = 1 : i32, fused_activation_function = "NONE"} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x8xf32>
  %3 = "tfl.mul"(%x, %cos) {fused_activation_function = "NONE"} : (tensor<1x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %4 = "tfl.mul"(%2, %sin) {fused_activation_function = "NONE"} : (tensor<1x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %5 = "tfl.add"(%3, %4) {fused_activation_function = "NONE"} : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  return %5 : tensor<2x8xf32>
}
// DECLINES(fuse-rotations): the tables spread the value
