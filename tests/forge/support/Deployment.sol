// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DecisionLog} from "../../../contracts/oversight/DecisionLog.sol";
import {KillSwitch} from "../../../contracts/oversight/KillSwitch.sol";
import {ModelRegistry} from "../../../contracts/oversight/ModelRegistry.sol";
import {MonitorRegistry} from "../../../contracts/oversight/MonitorRegistry.sol";
import {PolicyBook} from "../../../contracts/oversight/PolicyBook.sol";
import {ReportHub} from "../../../contracts/oversight/ReportHub.sol";
import {SwitchParameters} from "../../../contracts/oversight/switch/SwitchParameters.sol";
import {FastLane, PauseGovernor} from "../../../contracts/governance/PauseGovernor.sol";
import {OversightGovernor} from "../../../contracts/governance/OversightGovernor.sol";
import {TribuneAccessManager} from "../../../contracts/governance/TribuneAccessManager.sol";
import {TribuneTimelock} from "../../../contracts/governance/TribuneTimelock.sol";
import {TribuneToken} from "../../../contracts/governance/TribuneToken.sol";
import {vm} from "./Vm.sol";

/**
 * @title Deployment
 * @notice The whole system on an empty chain, as `scripts/deployment/plan.py` makes it, with small times.
 * @dev The timelock is ADMIN and the deployer nothing, so that a test that needs a right has to take it from who
 * holds it.
 */
abstract contract Deployment {
    uint64 internal constant ADMIN = 0;
    uint64 internal constant PAUSE = 1;
    uint64 internal constant HUB = 2;
    uint64 internal constant GUARDIAN = 3;
    uint64 internal constant REGISTRY = 4;

    uint48 internal constant DELAY = 10;
    uint32 internal constant PERIOD = 1000;
    uint48 internal constant EXTENSION = 200;
    uint48 internal constant EXECUTION_GRACE = 2000;
    uint48 internal constant SPAN = DELAY + PERIOD + EXTENSION;

    uint48 internal constant BUDGET = 20_000;
    uint32 internal constant REFILL = 100_000;
    uint48 internal constant HARD_CAP = 10_000;
    uint48 internal constant MARGIN = 100;
    uint48 internal constant WINDOW = 1000;
    uint48 internal constant COOLDOWN = 3000;
    uint48 internal constant GUARDIAN_PERIOD = 30_000;
    uint32 internal constant GUARDIAN_MODELS = 2;
    uint48 internal constant HALT_BUDGET = 4000;
    uint32 internal constant CALL_THRESHOLD = 90_000;
    uint32 internal constant CONTRACT_GAS = 250_000;

    TribuneAccessManager internal access;
    TribuneToken internal token;
    TribuneTimelock internal timelock;
    OversightGovernor internal slowLane;
    MonitorRegistry internal monitorRegistry;
    PolicyBook internal policies;
    ModelRegistry internal registry;
    DecisionLog internal log;
    KillSwitch internal killSwitch;
    ReportHub internal hub;
    PauseGovernor internal governor;

    /// @dev Who holds GUARDIAN.
    address internal constant GUARD = address(0x6A2D1A);
    /// @dev Who decides in the slow lane, and so holds ADMIN.
    address internal admin;

    function _deploy(address[] memory holders, uint256[] memory amounts) internal {
        access = new TribuneAccessManager(address(this));
        token = new TribuneToken("Tribune test", "TRIB", holders, amounts);
        address[] memory anyone = new address[](1);
        timelock = new TribuneTimelock(100, new address[](0), anyone);
        admin = address(timelock);
        slowLane = new OversightGovernor(token, timelock, 10, 1000, 1 ether, 20, 100);
        monitorRegistry = new MonitorRegistry(address(access));
        policies = new PolicyBook(address(access), monitorRegistry);
        registry = new ModelRegistry(address(access), policies, 0);
        log = new DecisionLog(registry, policies);
        (SwitchParameters memory least, SwitchParameters memory most) = _bounds();
        killSwitch = new KillSwitch(address(access), registry, policies, least, _parameters(), most);
        hub = new ReportHub(address(access), policies, registry, log, killSwitch, CONTRACT_GAS);
        governor = new PauseGovernor(token, killSwitch, registry, admin, _lane());
        policies.setLog(log);
        registry.setHub(hub);
        killSwitch.setHub(hub);
        _roles();
        governor.pushVoteSpan();
        access.grantRole(ADMIN, admin, 0);
        access.renounceRole(ADMIN, address(this));
        _proposer();
    }

    function _parameters() internal pure virtual returns (SwitchParameters memory value) {
        (value.budget, value.refill, value.hardCap) = (BUDGET, REFILL, HARD_CAP);
        (value.margin, value.openWindow, value.cooldown) = (MARGIN, WINDOW, COOLDOWN);
        (value.guardianPeriod, value.guardianModels) = (GUARDIAN_PERIOD, GUARDIAN_MODELS);
        value.haltBudget = HALT_BUDGET;
    }

    function _bounds() internal pure virtual returns (SwitchParameters memory least, SwitchParameters memory most) {
        (least.budget, least.hardCap, least.margin, least.openWindow) = (100, 100, 1, 1);
        least.guardianPeriod = 100;
        (most.budget, most.refill, most.hardCap) = (100_000, 500_000, 50_000);
        (most.margin, most.openWindow, most.cooldown) = (10_000, 10_000, 100_000);
        (most.guardianPeriod, most.guardianModels, most.haltBudget) = (300_000, 10, 10_000);
    }

    function _lane() internal pure virtual returns (FastLane memory lane) {
        (lane.votingDelay, lane.votingPeriod) = (DELAY, PERIOD);
        (lane.lateExtension, lane.executionGrace) = (EXTENSION, EXECUTION_GRACE);
        (lane.quorumPercent, lane.superQuorumPercent) = (20, 50);
        (lane.callThreshold, lane.contractGas) = (CALL_THRESHOLD, CONTRACT_GAS);
        (lane.leastPeriod, lane.mostPeriod) = (100, 5000);
    }

    function _roles() private {
        bytes4[] memory votes = new bytes4[](5);
        votes[0] = killSwitch.pause.selector;
        votes[1] = killSwitch.resume.selector;
        votes[2] = killSwitch.openHolderCase.selector;
        votes[3] = killSwitch.markVote.selector;
        votes[4] = killSwitch.setVoteSpan.selector;
        access.setTargetFunctionRole(address(killSwitch), votes, PAUSE);
        bytes4[] memory breaches = new bytes4[](2);
        breaches[0] = killSwitch.trip.selector;
        breaches[1] = killSwitch.openBreachCase.selector;
        access.setTargetFunctionRole(address(killSwitch), breaches, HUB);
        bytes4[] memory guards = new bytes4[](2);
        guards[0] = killSwitch.guardianSuspend.selector;
        guards[1] = killSwitch.guardianHalt.selector;
        access.setTargetFunctionRole(address(killSwitch), guards, GUARDIAN);
        bytes4[] memory activations = new bytes4[](1);
        activations[0] = hub.onActivate.selector;
        access.setTargetFunctionRole(address(hub), activations, REGISTRY);
        access.grantRole(PAUSE, address(governor), 0);
        access.grantRole(HUB, address(hub), 0);
        access.grantRole(REGISTRY, address(registry), 0);
        access.grantRole(GUARDIAN, GUARD, 0);
    }

    /// @dev In the plan the governor's address is known before; here the timelock, its own admin, lets it in.
    function _proposer() private {
        (bytes32 proposer, bytes32 canceller) = (timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE());
        vm.startPrank(admin);
        timelock.grantRole(proposer, address(slowLane));
        timelock.grantRole(canceller, address(slowLane));
        vm.stopPrank();
    }
}
