// Parses a module, optimises it, and compiles it for each of LLVM's targets that it finds.
#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Target/TargetOptions.h>

using namespace llvm;

static const char *const SOURCE = R"(
define i64 @sum(ptr %data, i64 %count) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %total = phi i64 [ 0, %entry ], [ %more, %loop ]
  %place = getelementptr i64, ptr %data, i64 %i
  %value = load i64, ptr %place
  %more = add i64 %total, %value
  %next = add i64 %i, 1
  %done = icmp eq i64 %next, %count
  br i1 %done, label %exit, label %loop
exit:
  ret i64 %more
}
)";

static void optimise(Module &module) {
    LoopAnalysisManager loops;
    FunctionAnalysisManager functions;
    CGSCCAnalysisManager components;
    ModuleAnalysisManager modules;
    PassBuilder builder;
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(components);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, components, modules);
    builder.buildPerModuleDefaultPipeline(OptimizationLevel::O2).run(module, modules);
}

static bool compile(const Target &target, StringRef triple, raw_ostream &out) {
    LLVMContext context;
    SMDiagnostic error;
    auto module = parseAssemblyString(SOURCE, error, context);
    if (!module) return false;
    std::unique_ptr<TargetMachine> machine(target.createTargetMachine(triple, "", "", TargetOptions(), Reloc::PIC_));
    module->setTargetTriple(triple);
    module->setDataLayout(machine->createDataLayout());
    optimise(*module);
    SmallString<4096> text;
    raw_svector_ostream stream(text);
    legacy::PassManager passes;
    if (machine->addPassesToEmitFile(passes, stream, nullptr, CodeGenFileType::AssemblyFile)) return false;
    passes.run(*module);
    out << "### " << triple << "\n" << text << "\n";
    return true;
}

int main() {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    int compiled = 0;
    for (const char *triple : {"x86_64-linux-gnu", "aarch64-linux-gnu", "riscv64-linux-gnu", "powerpc64le-linux-gnu", "s390x-linux-gnu", "mips64-linux-gnu"}) {
        std::string error;
        const Target *target = TargetRegistry::lookupTarget(triple, error);
        if (target) compiled += compile(*target, triple, outs());
    }
    outs() << compiled << " targets\n";
    return compiled == 6 ? 0 : 1;
}
