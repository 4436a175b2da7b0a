//! Functions that the client never calls, though the compiler must keep them. The table of an erased view names every way
//! to hydrate it, so each view brings its own copy of the way that `mount::hydrate_lazy` takes, and each attribute one for
//! templates. Headway hydrates with `mount::hydrate_body`, and uses no templates. Each such function becomes one
//! instruction that stops the program, so a call would be found by the first test that makes it. `wasm-opt` then removes
//! what only these functions called.

use walrus::{FunctionBuilder, FunctionKind, Module};

/// Parts of the names of functions that are never called.
const UNCALLED: [&str; 3] = ["::hydrate_async", "::hydrate_from_template", "::new_with_async_value"];

/// Empties those functions, and returns how many there are.
pub fn empty(module: &mut Module) -> usize {
    let is_uncalled = |name: &str| UNCALLED.iter().any(|part| name.contains(part));
    let found = module.funcs.iter_local().filter(|(id, _)| module.funcs.get(*id).name.as_deref().is_some_and(is_uncalled));
    let found: Vec<_> = found.map(|(id, function)| (id, function.ty(), function.args.clone())).collect();
    for (id, kind, arguments) in &found {
        let (parameters, results) = module.types.params_results(*kind);
        let (parameters, results) = (parameters.to_vec(), results.to_vec());
        let mut body = FunctionBuilder::new(&mut module.types, &parameters, &results);
        body.func_body().unreachable();
        module.funcs.get_mut(*id).kind = FunctionKind::Local(body.local_func(arguments.clone()));
    }
    found.len()
}
