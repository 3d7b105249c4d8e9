// RUN: litewright opt %s -p quantize-state{recipe=static_int8}
// CASE: a recipe that says nothing of state leaves it alone
// UNCHANGED
func.func @main(%s: tensor<2x4xf32> {litewright.name = "s", litewright.range = [-4.0, 4.0]}) -> (tensor<2x4xf32> {litewright.name = "s"}) {
  %0 = "tfl.abs"(%s) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
