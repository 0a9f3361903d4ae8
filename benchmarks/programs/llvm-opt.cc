// Builds a module, optimises it and generates code for the host: enough to pull most of LLVM in.

#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <iterator>
#include <memory>
#include <optional>

static const char *const source = R"(
define i32 @square(i32 %x) {
  %slot = alloca i32
  store i32 %x, ptr %slot
  %a = load i32, ptr %slot
  %b = load i32, ptr %slot
  %product = mul i32 %a, %b
  ret i32 %product
}
)";

static void optimise(llvm::Module &module) {
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager components;
    llvm::ModuleAnalysisManager modules;
    llvm::PassBuilder builder;
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(components);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, components, modules);
    builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

static bool generate(llvm::Module &module) {
    const char *triple = "x86_64-unknown-linux-gnu";
    std::string error;
    const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
    if (!target) return false;
    std::unique_ptr<llvm::TargetMachine> machine(
        target->createTargetMachine(triple, "", "", llvm::TargetOptions(), std::nullopt));
    module.setTargetTriple(triple);
    module.setDataLayout(machine->createDataLayout());
    llvm::SmallVector<char, 0> code;
    llvm::raw_svector_ostream stream(code);
    llvm::legacy::PassManager passes;
    if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
        return false;
    passes.run(module);
    return !code.empty();
}

int main() {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
    llvm::InitializeAllDisassemblers();

    llvm::LLVMContext context;
    llvm::SMDiagnostic diagnostic;
    auto buffer = llvm::MemoryBuffer::getMemBuffer(source, "square.ll");
    std::unique_ptr<llvm::Module> module = llvm::parseIR(*buffer, diagnostic, context);
    if (!module || llvm::verifyModule(*module)) return 1;
    optimise(*module);
    if (!generate(*module) || llvm::verifyModule(*module)) return 1;
    auto targets = llvm::TargetRegistry::targets();
    llvm::outs() << std::distance(targets.begin(), targets.end()) << " targets, verified\n";
    return 0;
}
