struct Top {
    virtual ~Top() = default;
    virtual const char *name() = 0;
    virtual int id() { return 0; }
    int shared = 9;
};
struct Left : virtual Top {
    const char *name() override;
    virtual int value() { return 1; }
    int l = 1;
};
struct Right : virtual Top {
    const char *name() override;
    virtual int other() { return 2; }
    int r = 2;
};
struct Bottom : Left, Right {
    const char *name() override;
    int id() override { return 3; }
};
Top *make_left();
