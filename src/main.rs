use std::process::ExitCode;

fn main() -> ExitCode {
    trailduck::cli::main()
}
