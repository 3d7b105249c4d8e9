// RUN: litewright opt %s -p fuse-projections
// CASE: queries and keys
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}, %wk: tensor<8x8xf32> {litewright.weight = "wk"}) -> (tensor<1x4x3x4xf32> {litewright.name = "y0"}, tensor<1x2x3x4xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, none) -> tensor<1x3x16xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 3, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x3x16xf32>, tensor<4xi32>) -> tensor<1x3x4x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x3x4x4xf32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  %9 = "tfl.fully_connected"(%x, %wk, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<8x8xf32>, none) -> tensor<1x3x8xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 3, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %10 = "tfl.reshape"(%9, %c6) : (tensor<1x3x8xf32>, tensor<4xi32>) -> tensor<1x3x2x4xf32>
  %11 = "tfl.transpose"(%10, %c2) : (tensor<1x3x2x4xf32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %12 = "tfl.mul"(%11, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %c7 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %13 = "tfl.slice"(%11, %c3, %c7) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %14 = "tfl.slice"(%11, %c5, %c7) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %15 = "tfl.concatenation"(%14, %13) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>) -> tensor<1x2x3x4xf32>
  %16 = "tfl.mul"(%15, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %17 = "tfl.add"(%12, %16) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %8, %17 : tensor<1x4x3x4xf32>, tensor<1x2x3x4xf32>
}
// CHECK: "concatenate(wq, wk, axis=0)"
// CHECK: "tfl.fully_connected"{{.*}} -> tensor<1x3x24xf32>
// CHECK-NOT: "tfl.fully_connected"
// CHECK: "tfl.transpose"{{.*}} -> tensor<1x6x3x4xf32>
// CHECK: "tfl.slice"{{.*}} -> tensor<1x4x3x4xf32>
// CHECK: "tfl.slice"{{.*}} -> tensor<1x2x3x4xf32>
// CHECK-NOT: "tfl.transpose"
// -----
// CASE: one token: heads need no transpose; one of the products has a bias
func.func @main(%x: tensor<1x1x8xf32> {litewright.name = "x"}, %cos: tensor<1x4xf32> {litewright.name = "cos"}, %sin: tensor<1x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}, %wk: tensor<8x8xf32> {litewright.weight = "wk"}) -> (tensor<1x4x1x4xf32> {litewright.name = "y0"}, tensor<1x2x1x4xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>} : () -> tensor<8xf32>
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x1x8xf32>, tensor<16x8xf32>, none) -> tensor<1x1x16xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 4, 1, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c2) : (tensor<1x1x16xf32>, tensor<4xi32>) -> tensor<1x4x1x4xf32>
  %2 = "tfl.mul"(%1, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x1x4xf32>, tensor<1x4xf32>) -> tensor<1x4x1x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 1, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %3 = "tfl.slice"(%1, %c3, %c4) : (tensor<1x4x1x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x1x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%1, %c5, %c4) : (tensor<1x4x1x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x1x2xf32>
  %5 = "tfl.concatenation"(%4, %3) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x1x2xf32>, tensor<1x4x1x2xf32>) -> tensor<1x4x1x4xf32>
  %6 = "tfl.mul"(%5, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x1x4xf32>, tensor<1x4xf32>) -> tensor<1x4x1x4xf32>
  %7 = "tfl.add"(%2, %6) {fused_activation_function = "NONE"} : (tensor<1x4x1x4xf32>, tensor<1x4x1x4xf32>) -> tensor<1x4x1x4xf32>
  %8 = "tfl.fully_connected"(%x, %wk, %c0) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x1x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<1x1x8xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 2, 1, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %9 = "tfl.reshape"(%8, %c6) : (tensor<1x1x8xf32>, tensor<4xi32>) -> tensor<1x2x1x4xf32>
  %10 = "tfl.mul"(%9, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x1x4xf32>, tensor<1x4xf32>) -> tensor<1x2x1x4xf32>
  %c7 = "tfl.pseudo_const"() {value = dense<[1, 2, 1, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %11 = "tfl.slice"(%9, %c3, %c7) : (tensor<1x2x1x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x1x2xf32>
  %12 = "tfl.slice"(%9, %c5, %c7) : (tensor<1x2x1x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x1x2xf32>
  %13 = "tfl.concatenation"(%12, %11) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x1x2xf32>, tensor<1x2x1x2xf32>) -> tensor<1x2x1x4xf32>
  %14 = "tfl.mul"(%13, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x1x4xf32>, tensor<1x4xf32>) -> tensor<1x2x1x4xf32>
  %15 = "tfl.add"(%10, %14) {fused_activation_function = "NONE"} : (tensor<1x2x1x4xf32>, tensor<1x2x1x4xf32>) -> tensor<1x2x1x4xf32>
  return %7, %15 : tensor<1x4x1x4xf32>, tensor<1x2x1x4xf32>
}
// CHECK: dense<[0.000000e+00, {{.*}}, 1.000000e+00, {{.*}}8.000000e+00]> : tensor<24xf32>
// CHECK: "tfl.fully_connected"{{.*}} -> tensor<1x1x24xf32>
// CHECK-NOT: "tfl.fully_connected"
// CHECK: "tfl.reshape"{{.*}} -> tensor<1x6x1x4xf32>
// CHECK: "tfl.slice"{{.*}} -> tensor<1x4x1x4xf32>
// CHECK: "tfl.slice"{{.*}} -> tensor<1x2x1x4xf32>
// -----
// CASE: two signatures that join them alike
func.func @prefill(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}, %wk: tensor<8x8xf32> {litewright.weight = "wk"}) -> (tensor<1x4x3x4xf32> {litewright.name = "y0"}, tensor<1x2x3x4xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, none) -> tensor<1x3x16xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 3, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x3x16xf32>, tensor<4xi32>) -> tensor<1x3x4x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x3x4x4xf32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  %9 = "tfl.fully_connected"(%x, %wk, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<8x8xf32>, none) -> tensor<1x3x8xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 3, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %10 = "tfl.reshape"(%9, %c6) : (tensor<1x3x8xf32>, tensor<4xi32>) -> tensor<1x3x2x4xf32>
  %11 = "tfl.transpose"(%10, %c2) : (tensor<1x3x2x4xf32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %12 = "tfl.mul"(%11, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %c7 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %13 = "tfl.slice"(%11, %c3, %c7) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %14 = "tfl.slice"(%11, %c5, %c7) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %15 = "tfl.concatenation"(%14, %13) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>) -> tensor<1x2x3x4xf32>
  %16 = "tfl.mul"(%15, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %17 = "tfl.add"(%12, %16) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %8, %17 : tensor<1x4x3x4xf32>, tensor<1x2x3x4xf32>
}
func.func @decode(%x: tensor<1x1x8xf32> {litewright.name = "x"}, %cos: tensor<1x4xf32> {litewright.name = "cos"}, %sin: tensor<1x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}, %wk: tensor<8x8xf32> {litewright.weight = "wk"}) -> (tensor<1x4x1x4xf32> {litewright.name = "y0"}, tensor<1x2x1x4xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x1x8xf32>, tensor<16x8xf32>, none) -> tensor<1x1x16xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 4, 1, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x1x16xf32>, tensor<4xi32>) -> tensor<1x4x1x4xf32>
  %2 = "tfl.mul"(%1, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x1x4xf32>, tensor<1x4xf32>) -> tensor<1x4x1x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c3 = "tfl.pseudo_const"() {value = dense<[1, 4, 1, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %3 = "tfl.slice"(%1, %c2, %c3) : (tensor<1x4x1x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x1x2xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%1, %c4, %c3) : (tensor<1x4x1x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x1x2xf32>
  %5 = "tfl.concatenation"(%4, %3) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x1x2xf32>, tensor<1x4x1x2xf32>) -> tensor<1x4x1x4xf32>
  %6 = "tfl.mul"(%5, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x1x4xf32>, tensor<1x4xf32>) -> tensor<1x4x1x4xf32>
  %7 = "tfl.add"(%2, %6) {fused_activation_function = "NONE"} : (tensor<1x4x1x4xf32>, tensor<1x4x1x4xf32>) -> tensor<1x4x1x4xf32>
  %8 = "tfl.fully_connected"(%x, %wk, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x1x8xf32>, tensor<8x8xf32>, none) -> tensor<1x1x8xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[1, 2, 1, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %9 = "tfl.reshape"(%8, %c5) : (tensor<1x1x8xf32>, tensor<4xi32>) -> tensor<1x2x1x4xf32>
  %10 = "tfl.mul"(%9, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x1x4xf32>, tensor<1x4xf32>) -> tensor<1x2x1x4xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 2, 1, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %11 = "tfl.slice"(%9, %c2, %c6) : (tensor<1x2x1x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x1x2xf32>
  %12 = "tfl.slice"(%9, %c4, %c6) : (tensor<1x2x1x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x1x2xf32>
  %13 = "tfl.concatenation"(%12, %11) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x1x2xf32>, tensor<1x2x1x2xf32>) -> tensor<1x2x1x4xf32>
  %14 = "tfl.mul"(%13, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x1x4xf32>, tensor<1x4xf32>) -> tensor<1x2x1x4xf32>
  %15 = "tfl.add"(%10, %14) {fused_activation_function = "NONE"} : (tensor<1x2x1x4xf32>, tensor<1x2x1x4xf32>) -> tensor<1x2x1x4xf32>
  return %7, %15 : tensor<1x4x1x4xf32>, tensor<1x2x1x4xf32>
}
// CHECK-COUNT-2: "concatenate(wq, wk, axis=0)"
// -----
// CASE: small matrices are joined as numbers; a single head of keys
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}) -> (tensor<1x2x3x4xf32> {litewright.name = "y0"}, tensor<1x1x3x4xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<8x8xf32>} : () -> tensor<8x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [1.0, -2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]> : tensor<4x8xf32>} : () -> tensor<4x8xf32>
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %c0, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<8x8xf32>, none) -> tensor<1x3x8xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[1, 3, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c3) : (tensor<1x3x8xf32>, tensor<4xi32>) -> tensor<1x3x2x4xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c4) : (tensor<1x3x2x4xf32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c5, %c6) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %c7 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c7, %c6) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>) -> tensor<1x2x3x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %9 = "tfl.fully_connected"(%x, %c1, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<4x8xf32>, none) -> tensor<1x3x4xf32>
  %c8 = "tfl.pseudo_const"() {value = dense<[1, 3, 1, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %10 = "tfl.reshape"(%9, %c8) : (tensor<1x3x4xf32>, tensor<4xi32>) -> tensor<1x3x1x4xf32>
  %11 = "tfl.transpose"(%10, %c4) : (tensor<1x3x1x4xf32>, tensor<4xi32>) -> tensor<1x1x3x4xf32>
  %12 = "tfl.mul"(%11, %cos) {fused_activation_function = "NONE"} : (tensor<1x1x3x4xf32>, tensor<3x4xf32>) -> tensor<1x1x3x4xf32>
  %c9 = "tfl.pseudo_const"() {value = dense<[1, 1, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %13 = "tfl.slice"(%11, %c5, %c9) : (tensor<1x1x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x1x3x2xf32>
  %14 = "tfl.slice"(%11, %c7, %c9) : (tensor<1x1x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x1x3x2xf32>
  %15 = "tfl.concatenation"(%14, %13) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x1x3x2xf32>, tensor<1x1x3x2xf32>) -> tensor<1x1x3x4xf32>
  %16 = "tfl.mul"(%15, %sin) {fused_activation_function = "NONE"} : (tensor<1x1x3x4xf32>, tensor<3x4xf32>) -> tensor<1x1x3x4xf32>
  %17 = "tfl.add"(%12, %16) {fused_activation_function = "NONE"} : (tensor<1x1x3x4xf32>, tensor<1x1x3x4xf32>) -> tensor<1x1x3x4xf32>
  return %8, %17 : tensor<1x2x3x4xf32>, tensor<1x1x3x4xf32>
}
// CHECK: tensor<12x8xf32>
// CHECK: "tfl.fully_connected"{{.*}} -> tensor<1x3x12xf32>
// CHECK-NOT: "tfl.fully_connected"
// -----
// CASE: a weight and a small matrix
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}) -> (tensor<1x4x3x4xf32> {litewright.name = "y0"}, tensor<1x2x3x4xf32> {litewright.name = "y1"}) {
  %c0 = "tfl.pseudo_const"() {value = dense<0.5> : tensor<8x8xf32>} : () -> tensor<8x8xf32>
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, none) -> tensor<1x3x16xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[1, 3, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c2) : (tensor<1x3x16xf32>, tensor<4xi32>) -> tensor<1x3x4x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c3) : (tensor<1x3x4x4xf32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c5 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c4, %c5) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c6, %c5) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  %9 = "tfl.fully_connected"(%x, %c0, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<8x8xf32>, none) -> tensor<1x3x8xf32>
  %c7 = "tfl.pseudo_const"() {value = dense<[1, 3, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %10 = "tfl.reshape"(%9, %c7) : (tensor<1x3x8xf32>, tensor<4xi32>) -> tensor<1x3x2x4xf32>
  %11 = "tfl.transpose"(%10, %c3) : (tensor<1x3x2x4xf32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %12 = "tfl.mul"(%11, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %c8 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %13 = "tfl.slice"(%11, %c4, %c8) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %14 = "tfl.slice"(%11, %c6, %c8) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %15 = "tfl.concatenation"(%14, %13) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>) -> tensor<1x2x3x4xf32>
  %16 = "tfl.mul"(%15, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %17 = "tfl.add"(%12, %16) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %8, %17 : tensor<1x4x3x4xf32>, tensor<1x2x3x4xf32>
}
// CHECK: "concatenate(wq, literal:{{[0-9a-f]+}}, axis=0)"
// CHECK: "tfl.fully_connected"{{.*}} -> tensor<1x3x24xf32>
// -----
// CASE: queries, keys and values of one token, not rotated
func.func @main(%x: tensor<1x1x8xf32> {litewright.name = "x"}, %cos: tensor<1x4xf32> {litewright.name = "cos"}, %sin: tensor<1x4xf32> {litewright.name = "sin"}, %wq: tensor<8x8xf32> {litewright.weight = "wq"}, %wk: tensor<8x8xf32> {litewright.weight = "wk"}, %wv: tensor<8x8xf32> {litewright.weight = "wv"}) -> (tensor<1x2x1x4xf32> {litewright.name = "y0"}, tensor<1x2x1x4xf32> {litewright.name = "y1"}, tensor<1x2x1x4xf32> {litewright.name = "y2"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x1x8xf32>, tensor<8x8xf32>, none) -> tensor<1x1x8xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 2, 1, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x1x8xf32>, tensor<4xi32>) -> tensor<1x2x1x4xf32>
  %2 = "tfl.fully_connected"(%x, %wk, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x1x8xf32>, tensor<8x8xf32>, none) -> tensor<1x1x8xf32>
  %3 = "tfl.reshape"(%2, %c1) : (tensor<1x1x8xf32>, tensor<4xi32>) -> tensor<1x2x1x4xf32>
  %4 = "tfl.fully_connected"(%x, %wv, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x1x8xf32>, tensor<8x8xf32>, none) -> tensor<1x1x8xf32>
  %5 = "tfl.reshape"(%4, %c1) : (tensor<1x1x8xf32>, tensor<4xi32>) -> tensor<1x2x1x4xf32>
  return %1, %3, %5 : tensor<1x2x1x4xf32>, tensor<1x2x1x4xf32>, tensor<1x2x1x4xf32>
}
// CHECK: "concatenate(wq, wk, wv, axis=0)"
// CHECK: "tfl.fully_connected"{{.*}} -> tensor<1x1x24xf32>
// CHECK-NOT: "tfl.fully_connected"
// CHECK-COUNT-3: "tfl.slice"
// -----
// CASE: heads that are cut apart, beside others
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}, %wk: tensor<8x8xf32> {litewright.weight = "wk"}) -> (tensor<1x2x3x4xf32> {litewright.name = "y0"}, tensor<1x2x3x4xf32> {litewright.name = "y1"}, tensor<1x2x3x4xf32> {litewright.name = "y2"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, none) -> tensor<1x3x16xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 3, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x3x16xf32>, tensor<4xi32>) -> tensor<1x3x4x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x3x4x4xf32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %3 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 2, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %5 = "tfl.fully_connected"(%x, %wk, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<8x8xf32>, none) -> tensor<1x3x8xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 3, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %6 = "tfl.reshape"(%5, %c6) : (tensor<1x3x8xf32>, tensor<4xi32>) -> tensor<1x3x2x4xf32>
  %7 = "tfl.transpose"(%6, %c2) : (tensor<1x3x2x4xf32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  return %3, %4, %7 : tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>
}
// DECLINES(fuse-projections): the heads are of several kinds already
// -----
// CASE: many rows of heads that are not rotated
func.func @main(%x: tensor<1x9x8xf32> {litewright.name = "x"}, %cos: tensor<9x4xf32> {litewright.name = "cos"}, %sin: tensor<9x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}, %wk: tensor<8x8xf32> {litewright.weight = "wk"}) -> (tensor<1x4x9x4xf32> {litewright.name = "y0"}, tensor<1x2x9x4xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x9x8xf32>, tensor<16x8xf32>, none) -> tensor<1x9x16xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 9, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x9x16xf32>, tensor<4xi32>) -> tensor<1x9x4x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x9x4x4xf32>, tensor<4xi32>) -> tensor<1x4x9x4xf32>
  %3 = "tfl.fully_connected"(%x, %wk, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x9x8xf32>, tensor<8x8xf32>, none) -> tensor<1x9x8xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[1, 9, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.reshape"(%3, %c3) : (tensor<1x9x8xf32>, tensor<4xi32>) -> tensor<1x9x2x4xf32>
  %5 = "tfl.transpose"(%4, %c2) : (tensor<1x9x2x4xf32>, tensor<4xi32>) -> tensor<1x2x9x4xf32>
  return %2, %5 : tensor<1x4x9x4xf32>, tensor<1x2x9x4xf32>
}
// DECLINES(fuse-projections): the heads are not rotated, and many rows would be copied
// -----
// CASE: a projection alone
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}) -> (tensor<1x4x3x4xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, none) -> tensor<1x3x16xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 3, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x3x16xf32>, tensor<4xi32>) -> tensor<1x3x4x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x3x4x4xf32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  return %8 : tensor<1x4x3x4xf32>
}
// DECLINES(fuse-projections): no other projection of the value has heads of that width, rotated alike
// -----
// CASE: projections of two values
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}, %wk: tensor<8x8xf32> {litewright.weight = "wk"}, %z: tensor<1x3x8xf32> {litewright.name = "z"}) -> (tensor<1x4x3x4xf32> {litewright.name = "y0"}, tensor<1x2x3x4xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, none) -> tensor<1x3x16xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 3, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x3x16xf32>, tensor<4xi32>) -> tensor<1x3x4x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x3x4x4xf32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  %9 = "tfl.fully_connected"(%z, %wk, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<8x8xf32>, none) -> tensor<1x3x8xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 3, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %10 = "tfl.reshape"(%9, %c6) : (tensor<1x3x8xf32>, tensor<4xi32>) -> tensor<1x3x2x4xf32>
  %11 = "tfl.transpose"(%10, %c2) : (tensor<1x3x2x4xf32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %12 = "tfl.mul"(%11, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %c7 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %13 = "tfl.slice"(%11, %c3, %c7) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %14 = "tfl.slice"(%11, %c5, %c7) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %15 = "tfl.concatenation"(%14, %13) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>) -> tensor<1x2x3x4xf32>
  %16 = "tfl.mul"(%15, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %17 = "tfl.add"(%12, %16) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %8, %17 : tensor<1x4x3x4xf32>, tensor<1x2x3x4xf32>
}
// DECLINES(fuse-projections): no other projection of the value has heads of that width, rotated alike
// -----
// CASE: a matrix that is read elsewhere too
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}, %wk: tensor<8x8xf32> {litewright.weight = "wk"}, %z: tensor<1x3x8xf32> {litewright.name = "z"}) -> (tensor<1x4x3x4xf32> {litewright.name = "y0"}, tensor<1x2x3x4xf32> {litewright.name = "y1"}, tensor<1x3x8xf32> {litewright.name = "y2"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, none) -> tensor<1x3x16xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 3, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x3x16xf32>, tensor<4xi32>) -> tensor<1x3x4x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x3x4x4xf32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  %9 = "tfl.fully_connected"(%x, %wk, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<8x8xf32>, none) -> tensor<1x3x8xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 3, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %10 = "tfl.reshape"(%9, %c6) : (tensor<1x3x8xf32>, tensor<4xi32>) -> tensor<1x3x2x4xf32>
  %11 = "tfl.transpose"(%10, %c2) : (tensor<1x3x2x4xf32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %12 = "tfl.mul"(%11, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %c7 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %13 = "tfl.slice"(%11, %c3, %c7) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %14 = "tfl.slice"(%11, %c5, %c7) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %15 = "tfl.concatenation"(%14, %13) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>) -> tensor<1x2x3x4xf32>
  %16 = "tfl.mul"(%15, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %17 = "tfl.add"(%12, %16) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %18 = "tfl.fully_connected"(%z, %wk, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<8x8xf32>, none) -> tensor<1x3x8xf32>
  return %8, %17, %18 : tensor<1x4x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x3x8xf32>
}
// DECLINES(fuse-projections): a matrix is read elsewhere too, or joined to others there
// -----
// CASE: a signature that needs one of them alone
func.func @prefill(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}, %wk: tensor<8x8xf32> {litewright.weight = "wk"}) -> (tensor<1x4x3x4xf32> {litewright.name = "y0"}, tensor<1x2x3x4xf32> {litewright.name = "y1"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, none) -> tensor<1x3x16xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 3, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x3x16xf32>, tensor<4xi32>) -> tensor<1x3x4x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x3x4x4xf32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  %9 = "tfl.fully_connected"(%x, %wk, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<8x8xf32>, none) -> tensor<1x3x8xf32>
  %c6 = "tfl.pseudo_const"() {value = dense<[1, 3, 2, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %10 = "tfl.reshape"(%9, %c6) : (tensor<1x3x8xf32>, tensor<4xi32>) -> tensor<1x3x2x4xf32>
  %11 = "tfl.transpose"(%10, %c2) : (tensor<1x3x2x4xf32>, tensor<4xi32>) -> tensor<1x2x3x4xf32>
  %12 = "tfl.mul"(%11, %cos) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %c7 = "tfl.pseudo_const"() {value = dense<[1, 2, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %13 = "tfl.slice"(%11, %c3, %c7) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %14 = "tfl.slice"(%11, %c5, %c7) : (tensor<1x2x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x2x3x2xf32>
  %15 = "tfl.concatenation"(%14, %13) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>) -> tensor<1x2x3x4xf32>
  %16 = "tfl.mul"(%15, %sin) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x3x4xf32>
  %17 = "tfl.add"(%12, %16) {fused_activation_function = "NONE"} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %8, %17 : tensor<1x4x3x4xf32>, tensor<1x2x3x4xf32>
}
func.func @decode(%x: tensor<1x1x8xf32> {litewright.name = "x"}, %cos: tensor<1x4xf32> {litewright.name = "cos"}, %sin: tensor<1x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}) -> (tensor<1x1x16xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x1x8xf32>, tensor<16x8xf32>, none) -> tensor<1x1x16xf32>
  return %0 : tensor<1x1x16xf32>
}
// DECLINES(fuse-projections): a matrix is read elsewhere too, or joined to others there
// -----
// CASE: a matrix that is an input
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.name = "wq"}) -> (tensor<1x4x3x4xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, none) -> tensor<1x3x16xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 3, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x3x16xf32>, tensor<4xi32>) -> tensor<1x3x4x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x3x4x4xf32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  return %8 : tensor<1x4x3x4xf32>
}
// DECLINES(fuse-projections): the matrix is computed from inputs
// -----
// CASE: a bias that is an input
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}, %b: tensor<16xf32> {litewright.name = "b"}) -> (tensor<1x4x3x4xf32> {litewright.name = "y"}) {
  %0 = "tfl.fully_connected"(%x, %wq, %b) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<1x3x16xf32>
  %c0 = "tfl.pseudo_const"() {value = dense<[1, 3, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c0) : (tensor<1x3x16xf32>, tensor<4xi32>) -> tensor<1x3x4x4xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c1) : (tensor<1x3x4x4xf32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c3 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c2, %c3) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c4, %c3) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  return %8 : tensor<1x4x3x4xf32>
}
// DECLINES(fuse-projections): the bias is no constant
// -----
// CASE: an activation
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}) -> (tensor<1x4x3x4xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "RELU", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, none) -> tensor<1x3x16xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 3, 4, 4]> : tensor<4xi32>} : () -> tensor<4xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x3x16xf32>, tensor<4xi32>) -> tensor<1x3x4x4xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 2, 1, 3]> : tensor<4xi32>} : () -> tensor<4xi32>
  %2 = "tfl.transpose"(%1, %c2) : (tensor<1x3x4x4xf32>, tensor<4xi32>) -> tensor<1x4x3x4xf32>
  %3 = "tfl.mul"(%2, %cos) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %c3 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
  %c4 = "tfl.pseudo_const"() {value = dense<[1, 4, 3, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %4 = "tfl.slice"(%2, %c3, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %c5 = "tfl.pseudo_const"() {value = dense<[0, 0, 0, 2]> : tensor<4xi32>} : () -> tensor<4xi32>
  %5 = "tfl.slice"(%2, %c5, %c4) : (tensor<1x4x3x4xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x4x3x2xf32>
  %6 = "tfl.concatenation"(%5, %4) {axis = 3 : i32, fused_activation_function = "NONE"} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  %7 = "tfl.mul"(%6, %sin) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<3x4xf32>) -> tensor<1x4x3x4xf32>
  %8 = "tfl.add"(%3, %7) {fused_activation_function = "NONE"} : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  return %8 : tensor<1x4x3x4xf32>
}
// DECLINES(fuse-projections): an activation is fused
// -----
// CASE: a product that is no heads
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<16x8xf32> {litewright.weight = "wq"}) -> (tensor<1x3x16xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<16x8xf32>, none) -> tensor<1x3x16xf32>
  return %0 : tensor<1x3x16xf32>
}
// DECLINES(fuse-projections): the product is not split into heads by a RESHAPE alone
// -----
// CASE: a reshape across rows
func.func @main(%x: tensor<1x3x8xf32> {litewright.name = "x"}, %cos: tensor<3x4xf32> {litewright.name = "cos"}, %sin: tensor<3x4xf32> {litewright.name = "sin"}, %wq: tensor<4x8xf32> {litewright.weight = "wq"}, %table: tensor<2x6xf32> {litewright.name = "table"}) -> (tensor<1x2x6xf32> {litewright.name = "y"}) {
  %none = "tfl.no_value"() {value} : () -> none
  %0 = "tfl.fully_connected"(%x, %wq, %none) {fused_activation_function = "NONE", keep_num_dims = true, weights_format = "DEFAULT"} : (tensor<1x3x8xf32>, tensor<4x8xf32>, none) -> tensor<1x3x4xf32>
  %c1 = "tfl.pseudo_const"() {value = dense<[1, 2, 6]> : tensor<3xi32>} : () -> tensor<3xi32>
  %1 = "tfl.reshape"(%0, %c1) : (tensor<1x3x4xf32>, tensor<3xi32>) -> tensor<1x2x6xf32>
  %2 = "tfl.mul"(%1, %table) {fused_activation_function = "NONE"} : (tensor<1x2x6xf32>, tensor<2x6xf32>) -> tensor<1x2x6xf32>
  %c2 = "tfl.pseudo_const"() {value = dense<[0, 0, 0]> : tensor<3xi32>} : () -> tensor<3xi32>
  %c3 = "tfl.pseudo_const"() {value = dense<[1, 2, 3]> : tensor<3xi32>} : () -> tensor<3xi32>
  %3 = "tfl.slice"(%1, %c2, %c3) : (tensor<1x2x6xf32>, tensor<3xi32>, tensor<3xi32>) -> tensor<1x2x3xf32>
  %c4 = "tfl.pseudo_const"() {value = dense<[0, 0, 3]> : tensor<3xi32>} : () -> tensor<3xi32>
  %4 = "tfl.slice"(%1, %c4, %c3) : (tensor<1x2x6xf32>, tensor<3xi32>, tensor<3xi32>) -> tensor<1x2x3xf32>
  %5 = "tfl.concatenation"(%4, %3) {axis = 2 : i32, fused_activation_function = "NONE"} : (tensor<1x2x3xf32>, tensor<1x2x3xf32>) -> tensor<1x2x6xf32>
  %6 = "tfl.mul"(%5, %table) {fused_activation_function = "NONE"} : (tensor<1x2x6xf32>, tensor<2x6xf32>) -> tensor<1x2x6xf32>
  %7 = "tfl.add"(%2, %6) {fused_activation_function = "NONE"} : (tensor<1x2x6xf32>, tensor<1x2x6xf32>) -> tensor<1x2x6xf32>
  return %7 : tensor<1x2x6xf32>
}
// DECLINES(fuse-projections): the RESHAPE mixes heads with rows
